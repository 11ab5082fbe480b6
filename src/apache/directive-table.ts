/**
 * The modules of Debian 12's apache2 2.4 packages and of libapache2-mod-wsgi-py3, as mod_info lists them: the symbol
 * without `_module`, the name of the source file, the directives (`<` for sections). A row may go on, indented.
 */
import { lowerAscii } from './lexer.ts';

/** What is known of a module. */
export type ModuleDescription = {
  readonly source: string;
  /** In lower case; sections with `<`. */
  readonly directives: ReadonlySet<string>;
  /** The same as the manual spells them. */
  readonly spellings: readonly string[];
};

/** The modules of the table by symbol, e.g. `alias_module`. */
export const knownModules: ReadonlyMap<string, ModuleDescription> = new Map(
  table()
    .replaceAll('\n  ', ' ')
    .trim()
    .split('\n')
    .map((row) => {
      const [name, source = '', ...directives] = row.split(' ');
      return [
        `${name}_module`,
        { source, directives: new Set(directives.map(lowerAscii)), spellings: directives },
      ];
    }),
);

function table(): string {
  return `
access_compat mod_access_compat.c allow deny order Satisfy
actions mod_actions.c Action Script
alias mod_alias.c Alias AliasMatch AliasPreservePath Redirect RedirectMatch RedirectPermanent
  RedirectRelative RedirectTemp ScriptAlias ScriptAliasMatch
allowmethods mod_allowmethods.c AllowMethods
asis mod_asis.c
auth_basic mod_auth_basic.c AuthBasicAuthoritative AuthBasicFake AuthBasicProvider
  AuthBasicUseDigestAlgorithm
auth_digest mod_auth_digest.c AuthDigestAlgorithm AuthDigestDomain AuthDigestNcCheck
  AuthDigestNonceLifetime AuthDigestProvider AuthDigestQop AuthDigestShmemSize
auth_form mod_auth_form.c AuthFormAuthoritative AuthFormBody AuthFormDisableNoStore AuthFormFakeBasicAuth
  AuthFormLocation AuthFormLoginRequiredLocation AuthFormLoginSuccessLocation AuthFormLogoutLocation
  AuthFormMethod AuthFormMimetype AuthFormPassword AuthFormProvider AuthFormSitePassphrase AuthFormSize
  AuthFormUsername
authn_anon mod_authn_anon.c Anonymous Anonymous_LogEmail Anonymous_MustGiveEmail Anonymous_NoUserId
  Anonymous_VerifyEmail
authn_core mod_authn_core.c <AuthnProviderAlias AuthName AuthType
authn_dbd mod_authn_dbd.c AuthDBDUserPWQuery AuthDBDUserRealmQuery
authn_dbm mod_authn_dbm.c AuthDBMType AuthDBMUserFile
authn_file mod_authn_file.c AuthUserFile
authn_socache mod_authn_socache.c AuthnCacheContext AuthnCacheEnable AuthnCacheProvideFor
  AuthnCacheSOCache AuthnCacheTimeout
authnz_fcgi mod_authnz_fcgi.c AuthnzFcgiCheckAuthnProvider AuthnzFcgiDefineProvider
authnz_ldap mod_authnz_ldap.c AuthLDAPAuthorizePrefix AuthLDAPBindAuthoritative AuthLDAPBindDN
  AuthLDAPBindPassword AuthLDAPCharsetConfig AuthLDAPCompareAsUser AuthLDAPCompareDNOnServer
  AuthLDAPDereferenceAliases AuthLDAPGroupAttribute AuthLDAPGroupAttributeIsDN AuthLDAPInitialBindAsUser
  AuthLDAPInitialBindPattern AuthLDAPMaxSubGroupDepth AuthLDAPRemoteUserAttribute AuthLDAPRemoteUserIsDN
  AuthLDAPSearchAsUser AuthLDAPSubGroupAttribute AuthLDAPSubGroupClass AuthLDAPURL
authz_core mod_authz_core.c <AuthzProviderAlias <RequireAll <RequireAny <RequireNone AuthMerging
  AuthzSendForbiddenOnFailure Require
authz_dbd mod_authz_dbd.c AuthzDBDLoginToReferer AuthzDBDQuery AuthzDBDRedirectQuery
authz_dbm mod_authz_dbm.c AuthDBMGroupFile AuthzDBMType
authz_groupfile mod_authz_groupfile.c AuthGroupFile
authz_host mod_authz_host.c
authz_owner mod_authz_owner.c
authz_user mod_authz_user.c
autoindex mod_autoindex.c AddAlt AddAltByEncoding AddAltByType AddDescription AddIcon AddIconByEncoding
  AddIconByType DefaultIcon FancyIndexing HeaderName IndexHeadInsert IndexIgnore IndexIgnoreReset
  IndexOptions IndexOrderDefault IndexStyleSheet ReadmeName
brotli mod_brotli.c BrotliAlterETag BrotliCompressionMaxInputBlock BrotliCompressionQuality
  BrotliCompressionWindow BrotliFilterNote
buffer mod_buffer.c BufferSize
cache_disk mod_cache_disk.c CacheDirLength CacheDirLevels CacheMaxFileSize CacheMinFileSize CacheReadSize
  CacheReadTime CacheRoot
cache mod_cache.c CacheDefaultExpire CacheDetailHeader CacheDisable CacheEnable CacheHeader
  CacheIgnoreCacheControl CacheIgnoreHeaders CacheIgnoreNoLastMod CacheIgnoreQueryString
  CacheIgnoreURLSessionIdentifiers CacheKeyBaseURL CacheLastModifiedFactor CacheLock CacheLockMaxAge
  CacheLockPath CacheMaxExpire CacheMinExpire CacheQuickHandler CacheStaleOnError CacheStoreExpired
  CacheStoreNoStore CacheStorePrivate
cache_socache mod_cache_socache.c CacheSocache CacheSocacheMaxSize CacheSocacheMaxTime CacheSocacheMinTime
  CacheSocacheReadSize CacheSocacheReadTime
cern_meta mod_cern_meta.c MetaDir MetaFiles MetaSuffix
cgi mod_cgi.c CGIScriptTimeout ScriptLog ScriptLogBuffer ScriptLogLength
cgid mod_cgid.c CGIDScriptTimeout ScriptLog ScriptLogBuffer ScriptLogLength ScriptSock
charset_lite mod_charset_lite.c CharsetDefault CharsetOptions CharsetSourceEnc
core core.c <Directory <DirectoryMatch <Else <ElseIf <Files <FilesMatch <If <IfDefine <IfDirective <IfFile
  <IfModule <IfSection <Limit <LimitExcept <Location <LocationMatch <VirtualHost AcceptFilter
  AcceptPathInfo AccessFileName AddDefaultCharset AllowEncodedSlashes AllowOverride AllowOverrideList
  CGIPassAuth CGIVar ContentDigest CoreDumpDirectory DefaultRuntimeDir DefaultType Define DocumentRoot
  EnableMMAP EnableSendfile Error ErrorDocument ErrorLog ErrorLogFormat ExtendedStatus FileETag
  FlushMaxPipelined FlushMaxThreshold ForceType HostnameLookups HttpProtocolOptions Include
  IncludeOptional LimitInternalRecursion LimitRequestBody LimitRequestFields LimitRequestFieldsize
  LimitRequestLine LimitXMLRequestBody LogLevel MaxConnectionsPerChild MaxMemFree MaxRangeOverlaps
  MaxRangeReversals MaxRanges MaxRequestsPerChild MergeSlashes MergeTrailers Mutex NameVirtualHost Options
  PidFile Port Protocol Protocols ProtocolsHonorOrder QualifyRedirectURL ReadBufferSize
  RegexDefaultOptions RegisterHttpMethod RLimitCPU RLimitMEM RLimitNPROC ScoreBoardFile SeeRequestTail
  ServerAdmin ServerAlias ServerName ServerPath ServerRoot ServerSignature ServerTokens SetHandler
  SetInputFilter SetOutputFilter StrictHostCheck ThreadStackSize Timeout TraceEnable UnDefine
  UseCanonicalName UseCanonicalPhysicalPort
data mod_data.c
dav_fs mod_dav_fs.c DAVLockDB
dav_lock mod_dav_lock.c DAVGenericLockDB
dav mod_dav.c DAV DAVBasePath DAVDepthInfinity DAVLockDiscovery DAVMinTimeout
dbd mod_dbd.c DBDExptime DBDInitSQL DBDKeep DBDMax DBDMin DBDParams DBDPersist DBDPrepareSQL DBDriver
deflate mod_deflate.c DeflateAlterEtag DeflateBufferSize DeflateCompressionLevel DeflateFilterNote
  DeflateInflateLimitRequestBody DeflateInflateRatioBurst DeflateInflateRatioLimit DeflateMemLevel
  DeflateWindowSize
dialup mod_dialup.c ModemStandard
dir mod_dir.c DirectoryCheckHandler DirectoryIndex DirectoryIndexRedirect DirectorySlash FallbackResource
dumpio mod_dumpio.c DumpIOInput DumpIOOutput
echo mod_echo.c ProtocolEcho
env mod_env.c PassEnv SetEnv UnsetEnv
expires mod_expires.c ExpiresActive ExpiresByType ExpiresDefault
ext_filter mod_ext_filter.c ExtFilterDefine ExtFilterOptions
file_cache mod_file_cache.c cachefile mmapfile
filter mod_filter.c AddOutputFilterByType FilterChain FilterDeclare FilterProtocol FilterProvider
  FilterTrace
headers mod_headers.c Header RequestHeader
heartbeat mod_heartbeat.c HeartbeatAddress
heartmonitor mod_heartmonitor.c HeartbeatListen HeartbeatMaxServers HeartbeatStorage
http2 mod_http2.c H2CopyFiles H2Direct H2EarlyHint H2EarlyHints H2MaxDataFrameLen H2MaxHeaderBlockLen
  H2MaxSessionStreams H2MaxStreamErrors H2MaxWorkerIdleSeconds H2MaxWorkers H2MinWorkers H2ModernTLSOnly
  H2OutputBuffering H2Padding H2ProxyRequests H2Push H2PushDiarySize H2PushPriority H2PushResource
  H2SerializeHeaders H2SessionExtraFiles H2StreamMaxMemSize H2StreamTimeout H2TLSCoolDownSecs
  H2TLSWarmUpSize H2Upgrade H2WebSockets H2WindowSize
http http_core.c KeepAlive KeepAliveTimeout MaxKeepAliveRequests
ident mod_ident.c IdentityCheck IdentityCheckTimeout
imagemap mod_imagemap.c ImapBase ImapDefault ImapMenu
include mod_include.c SSIEndTag SSIErrorMsg SSIEtag SSILastModified SSILegacyExprParser SSIStartTag
  SSITimeFormat SSIUndefinedEcho XBitHack
info mod_info.c AddModuleInfo
lbmethod_bybusyness mod_lbmethod_bybusyness.c
lbmethod_byrequests mod_lbmethod_byrequests.c
lbmethod_bytraffic mod_lbmethod_bytraffic.c
lbmethod_heartbeat mod_lbmethod_heartbeat.c HeartbeatStorage
ldap util_ldap.c LDAPCacheEntries LDAPCacheTTL LDAPConnectionPoolTTL LDAPConnectionTimeout
  LDAPLibraryDebug LDAPOpCacheEntries LDAPOpCacheTTL LDAPReferralHopLimit LDAPReferrals LDAPRetries
  LDAPRetryDelay LDAPSharedCacheFile LDAPSharedCacheSize LDAPTimeout LDAPTrustedClientCert
  LDAPTrustedGlobalCert LDAPTrustedMode LDAPVerifyServerCert
log_config mod_log_config.c BufferedLogs CustomLog GlobalLog LogFormat TransferLog
log_debug mod_log_debug.c LogMessage
log_forensic mod_log_forensic.c ForensicLog
logio mod_logio.c LogIOTrackTTFB
lua mod_lua.c <LuaHookAccessChecker <LuaHookAuthChecker <LuaHookCheckUserID <LuaHookFixups
  <LuaHookMapToStorage <LuaHookPreTranslateName <LuaHookTranslateName <LuaHookTypeChecker <LuaQuickHandler
  Lua_____ByteCodeHack LuaAuthzProvider LuaCodeCache LuaHookAccessChecker LuaHookAuthChecker
  LuaHookCheckUserID LuaHookFixups LuaHookInsertFilter LuaHookLog LuaHookMapToStorage
  LuaHookPreTranslateName LuaHookTranslateName LuaHookTypeChecker LuaInherit LuaInputFilter LuaMapHandler
  LuaOutputFilter LuaPackageCPath LuaPackagePath LuaQuickHandler LuaRoot LuaScope
macro mod_macro.c <Macro MacroIgnoreBadNesting MacroIgnoreEmptyArgs UndefMacro Use
md mod_md.c <MDomain <MDomainSet MDActivationDelay MDBaseServer MDCACertificateFile MDCAChallenges
  MDCertificateAgreement MDCertificateAuthority MDCertificateCheck MDCertificateFile MDCertificateKeyFile
  MDCertificateProtocol MDCertificateStatus MDChallengeDns01 MDChallengeDns01Version MDCheckInterval
  MDContactEmail MDDriveMode MDExternalAccountBinding MDHttpProxy MDHttpProxyCACertificateFile
  MDInitialDelay MDMatchNames MDMember MDMembers MDMessageCmd MDMustStaple MDNotifyCmd MDomain MDPortMap
  MDPrivateKeys MDProfile MDProfileMandatory MDRenewMode MDRenewViaARI MDRenewWindow MDRequireHttps
  MDRetryDelay MDRetryFailover MDServerStatus MDStapleOthers MDStapling MDStaplingKeepResponse
  MDStaplingRenewWindow MDStoreDir MDStoreLocks MDWarnWindow
mime_magic mod_mime_magic.c MimeMagicFile
mime mod_mime.c AddCharset AddEncoding AddHandler AddInputFilter AddLanguage AddOutputFilter AddType
  DefaultLanguage ModMimeUsePathInfo MultiviewsMatch RemoveCharset RemoveEncoding RemoveHandler
  RemoveInputFilter RemoveLanguage RemoveOutputFilter RemoveType TypesConfig
mpm_event event.c AsyncRequestWorkerFactor GracefulShutdownTimeout Listen ListenBacklog
  ListenCoresBucketsRatio ListenTCPDeferAccept MaxClients MaxRequestWorkers MaxSpareThreads
  MinSpareThreads ReceiveBufferSize SendBufferSize ServerLimit StartServers ThreadLimit ThreadsPerChild
mpm_prefork prefork.c GracefulShutdownTimeout Listen ListenBacklog ListenCoresBucketsRatio
  ListenTCPDeferAccept MaxClients MaxRequestWorkers MaxSpareServers MinSpareServers ReceiveBufferSize
  SendBufferSize ServerLimit StartServers
mpm_worker worker.c GracefulShutdownTimeout Listen ListenBacklog ListenCoresBucketsRatio
  ListenTCPDeferAccept MaxClients MaxRequestWorkers MaxSpareThreads MinSpareThreads ReceiveBufferSize
  SendBufferSize ServerLimit StartServers ThreadLimit ThreadsPerChild
negotiation mod_negotiation.c CacheNegotiatedDocs ForceLanguagePriority LanguagePriority
proxy_ajp mod_proxy_ajp.c
proxy_balancer mod_proxy_balancer.c
proxy_connect mod_proxy_connect.c AllowCONNECT
proxy_express mod_proxy_express.c ProxyExpressDBMFile ProxyExpressDBMType ProxyExpressEnable
proxy_fcgi mod_proxy_fcgi.c ProxyFCGIBackendType ProxyFCGISetEnvIf
proxy_fdpass mod_proxy_fdpass.c
proxy_ftp mod_proxy_ftp.c ProxyFtpDirCharset ProxyFtpEscapeWildcards ProxyFtpListOnWildcard
proxy_hcheck mod_proxy_hcheck.c ProxyHCExpr ProxyHCTemplate ProxyHCTPsize
proxy_html mod_proxy_html.c ProxyHTMLBufSize ProxyHTMLCharsetOut ProxyHTMLDoctype ProxyHTMLEnable
  ProxyHTMLEvents ProxyHTMLExtended ProxyHTMLFixups ProxyHTMLInterp ProxyHTMLLinks ProxyHTMLMeta
  ProxyHTMLStripComments ProxyHTMLURLMap
proxy_http2 mod_proxy_http2.c
proxy_http mod_proxy_http.c
proxy mod_proxy.c <Proxy <ProxyMatch BalancerGrowth BalancerInherit BalancerMember BalancerPersist NoProxy
  Proxy100Continue ProxyAddHeaders ProxyBadHeader ProxyBlock ProxyDomain ProxyErrorOverride
  ProxyIOBufferSize ProxyMaxForwards ProxyPass ProxyPassInherit ProxyPassInterpolateEnv ProxyPassMatch
  ProxyPassReverse ProxyPassReverseCookieDomain ProxyPassReverseCookiePath ProxyPreserveHost
  ProxyReceiveBufferSize ProxyRemote ProxyRemoteMatch ProxyRequests ProxySet ProxySourceAddress
  ProxyStatus ProxyTimeout ProxyVia
proxy_scgi mod_proxy_scgi.c ProxySCGIInternalRedirect ProxySCGISendfile
proxy_uwsgi mod_proxy_uwsgi.c
proxy_wstunnel mod_proxy_wstunnel.c ProxyWebsocketFallbackToProxyHttp
ratelimit mod_ratelimit.c
reflector mod_reflector.c ReflectorHeader
remoteip mod_remoteip.c RemoteIPHeader RemoteIPInternalProxy RemoteIPInternalProxyList
  RemoteIPProxiesHeader RemoteIPProxyProtocol RemoteIPProxyProtocolExceptions RemoteIPTrustedProxy
  RemoteIPTrustedProxyList
reqtimeout mod_reqtimeout.c RequestReadTimeout
request mod_request.c KeptBodySize
rewrite mod_rewrite.c RewriteBase RewriteCond RewriteEngine RewriteMap RewriteOptions RewriteRule
sed mod_sed.c InputSed OutputSed
session_cookie mod_session_cookie.c SessionCookieName SessionCookieName2 SessionCookieRemove
session_crypto mod_session_crypto.c SessionCryptoCipher SessionCryptoDriver SessionCryptoPassphrase
  SessionCryptoPassphraseFile
session_dbd mod_session_dbd.c SessionDBDCookieName SessionDBDCookieName2 SessionDBDCookieRemove
  SessionDBDDeleteLabel SessionDBDInsertLabel SessionDBDPerUser SessionDBDSelectLabel
  SessionDBDUpdateLabel
session mod_session.c Session SessionEnv SessionExclude SessionExpiryUpdateInterval SessionHeader
  SessionInclude SessionMaxAge
setenvif mod_setenvif.c BrowserMatch BrowserMatchNoCase SetEnvIf SetEnvIfExpr SetEnvIfNoCase
slotmem_plain mod_slotmem_plain.c
slotmem_shm mod_slotmem_shm.c
so mod_so.c LoadFile LoadModule
socache_dbm mod_socache_dbm.c
socache_memcache mod_socache_memcache.c MemcacheConnTTL
socache_redis mod_socache_redis.c RedisConnPoolTTL RedisTimeout
socache_shmcb mod_socache_shmcb.c
speling mod_speling.c CheckBasenameMatch CheckCaseOnly CheckSpelling
ssl mod_ssl.c SSLCACertificateFile SSLCACertificatePath SSLCADNRequestFile SSLCADNRequestPath
  SSLCARevocationCheck SSLCARevocationFile SSLCARevocationPath SSLCertificateChainFile SSLCertificateFile
  SSLCertificateKeyFile SSLCipherSuite SSLCompression SSLCryptoDevice SSLEngine SSLFIPS
  SSLHonorCipherOrder SSLInsecureRenegotiation SSLLog SSLLogLevel SSLOCSPDefaultResponder SSLOCSPEnable
  SSLOCSPNoVerify SSLOCSPOverrideResponder SSLOCSPProxyURL SSLOCSPResponderCertificateFile
  SSLOCSPResponderTimeout SSLOCSPResponseMaxAge SSLOCSPResponseTimeSkew SSLOCSPUseRequestNonce
  SSLOpenSSLConfCmd SSLOptions SSLPassPhraseDialog SSLProtocol SSLProxyCACertificateFile
  SSLProxyCACertificatePath SSLProxyCARevocationCheck SSLProxyCARevocationFile SSLProxyCARevocationPath
  SSLProxyCheckPeerCN SSLProxyCheckPeerExpire SSLProxyCheckPeerName SSLProxyCipherSuite SSLProxyEngine
  SSLProxyMachineCertificateChainFile SSLProxyMachineCertificateFile SSLProxyMachineCertificatePath
  SSLProxyProtocol SSLProxyVerify SSLProxyVerifyDepth SSLRandomSeed SSLRenegBufferSize SSLRequire
  SSLRequireSSL SSLSessionCache SSLSessionCacheTimeout SSLSessionTicketKeyFile SSLSessionTickets
  SSLSRPUnknownUserSeed SSLSRPVerifierFile SSLStaplingCache SSLStaplingErrorCacheTimeout
  SSLStaplingFakeTryLater SSLStaplingForceURL SSLStaplingResponderTimeout SSLStaplingResponseMaxAge
  SSLStaplingResponseTimeSkew SSLStaplingReturnResponderErrors SSLStaplingStandardCacheTimeout
  SSLStrictSNIVHostCheck SSLUserName SSLUseStapling SSLVerifyClient SSLVerifyDepth SSLVHostSNIPolicy
status mod_status.c
substitute mod_substitute.c Substitute SubstituteInheritBefore SubstituteMaxLineLength
suexec mod_suexec.c SuexecUserGroup
unique_id mod_unique_id.c
unixd mod_unixd.c ChrootDir Group Suexec User
userdir mod_userdir.c UserDir
usertrack mod_usertrack.c CookieDomain CookieExpires CookieHttpOnly CookieName CookieSameSite CookieSecure
  CookieStyle CookieTracking
version mod_version.c <IfVersion
vhost_alias mod_vhost_alias.c VirtualDocumentRoot VirtualDocumentRootIP VirtualScriptAlias
  VirtualScriptAliasIP
watchdog mod_watchdog.c WatchdogInterval
wsgi mod_wsgi.c WSGIAcceptMutex WSGIAccessScript WSGIApplicationGroup WSGIAuthGroupScript
  WSGIAuthUserScript WSGICallableObject WSGICaseSensitivity WSGIChunkedRequest WSGIDaemonProcess
  WSGIDestroyInterpreter WSGIDispatchScript WSGIDontWriteBytecode WSGIEnableSendfile WSGIErrorOverride
  WSGIGroupAuthoritative WSGIHandlerScript WSGIIgnoreActivity WSGIImportScript WSGILazyInitialization
  WSGIMapHEADToGET WSGINewRelicConfigFile WSGINewRelicEnvironment WSGIPassApacheRequest
  WSGIPassAuthorization WSGIProcessGroup WSGIPythonEggs WSGIPythonHashSeed WSGIPythonHome
  WSGIPythonOptimize WSGIPythonPath WSGIPythonWarnings WSGIRestrictEmbedded WSGIRestrictProcess
  WSGIRestrictSignal WSGIRestrictStdin WSGIRestrictStdout WSGIScriptAlias WSGIScriptAliasMatch
  WSGIScriptReloading WSGIServerMetrics WSGISocketPrefix WSGISocketRotation WSGITrustedProxies
  WSGITrustedProxyHeaders WSGIVerboseDebugging
xml2enc mod_xml2enc.c xml2EncAlias xml2EncDefault xml2StartParse
`;
}
