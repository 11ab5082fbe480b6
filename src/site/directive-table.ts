/**
 * What becomes of every directive: understood (the readers), known to change no route (`harmless`), acting on answers,
 * which matters once Apache no longer stands in front (`response`), answering requests by Apache's own means (`apache`),
 * or not understood. Nothing is passed over in silence.
 */
import type { DirectiveNode } from '../apache/directive.ts';
import { intendedDirective } from '../apache/directive-advice.ts';
import type { BuildContext } from './build-context.ts';
import { diagnose } from './diagnose.ts';
import { wsgiWithoutEffect } from './wsgi-without-effect.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((word) => word !== ''));

/** Logging, processes, limits, MIME details, TLS keys: no route depends on them. */
const harmless: ReadonlySet<string> = words(`
loadmodule loadfile serverroot define undefine include includeoptional defaultruntimedir pidfile mutex user group
serverlimit startservers threadsperchild minsparethreads maxsparethreads maxrequestworkers maxclients minspareservers
maxspareservers threadlimit maxconnectionsperchild maxrequestsperchild asyncrequestworkerfactor threadstacksize
listenbacklog listencoresbucketsratio receivebuffersize sendbuffersize scoreboardfile coredumpdirectory maxmemfree
enableexceptionhook gracefulshutdowntimeout acceptfilter acceptmutex keepalive keepalivetimeout maxkeepaliverequests
timeout requestreadtimeout limitrequestfields limitrequestfieldsize limitrequestline
limitinternalrecursion limitxmlrequestbody maxranges maxrangeoverlaps maxrangereversals errorlog errorlogformat
customlog transferlog logformat loglevel loglevelperdir globallog bufferedlogs forensiclog logiotrackttfb
cookielog hostnamelookups identitycheck serversignature servertokens serveradmin contentdigest typesconfig mimemagicfile defaulttype
adddefaultcharset defaultlanguage multiviewsmatch languagepriority forcelanguagepriority
cachenegotiateddocs indexoptions indexignore indexignorereset indexorderdefault indexstylesheet headername readmename
addicon addiconbytype addiconbyencoding addalt addaltbytype addaltbyencoding adddescription defaulticon indexheadinsert
enablemmap enablesendfile fileetag readbuffersize flushmaxthreshold flushmaxpipelined extendedstatus proxystatus seerequesttail
accessfilename namevirtualhost protocols protocolshonororder protocol
rlimitcpu rlimitmem rlimitnproc scriptlog scriptloglength scriptlogbuffer scriptsock cgidscripttimeout
sslcertificatefile sslcertificatekeyfile sslcertificatechainfile sslcacertificatefile sslcacertificatepath
sslcadnrequestfile sslcadnrequestpath sslcarevocationfile sslcarevocationpath sslcarevocationcheck sslprotocol
sslciphersuite sslhonorcipherorder sslsessioncache sslsessioncachetimeout sslsessiontickets sslsessionticketkeyfile
sslcompression sslusestapling sslstaplingcache sslrandomseed sslpassphrasedialog sslcryptodevice sslverifydepth
ssloptions sslopensslconfcmd sslinsecurerenegotiation sslstrictsnivhostcheck sslfips sslusername sslpolicy
sslstaplingrespondertimeout sslstaplingreturnrespondererrors sslstaplingfaketrylater sslstaplingforceurl
sslstaplingstandardcachetimeout sslstaplingerrorcachetimeout sslstaplingresponsetimeskew sslstaplingresponsemaxage
sslrenegbuffersize sslocspenable sslocspdefaultresponder sslocspoverrideresponder sslsrpverifierfile
authname authuserfile authgroupfile authbasicprovider authbasicauthoritative authdigestprovider authdigestdomain
authdigestqop authdigestalgorithm authdigestnonceLifetime authformprovider authdbmuserfile authdbmgroupfile authdbmtype
authdbduserpwquery authzsendforbiddenonfailure authbasicusedigestalgorithm authbasicfake authldapurl authldapbinddn
authldapbindpassword authldapbindauthoritative authldapgroupattribute authldapgroupattributeisdn authldapremoteuserattribute
authldapremoteuserisdn authldapcomparednonserver authldapdereferencealiases authldapcharsetconfig authldapmaxsubgroupdepth
authldapinitialbindasuser authldapinitialbindpattern authldapsearchasuser authldapcompareasuser authldapsubgroupattribute
authldapsubgroupclass authldapauthorizeprefix ldaptrustedglobalcert ldaptrustedclientcert ldaptrustedmode ldapverifyservercert
ldapsharedcachesize ldapsharedcachefile ldapcacheentries ldapcachettl ldapopcacheentries ldapopcachettl
ldapconnectiontimeout ldapconnectionpoolttl ldaptimeout ldapreferrals ldapreferralhoplimit ldapretries ldapretrydelay
ldaplibrarydebug wsgiauthuserscript wsgiauthgroupscript wsgiauthscript wsgiuserauthoritative wsgigroupauthoritative
gssapicredstore gssapiallowedmech gssapibasicauth gssapilocalname gssapisslonly gssapiusesessions krbmethodnegotiate
wsgiacceptmutex wsgisocketprefix wsgisocketrotation wsgiverbosedebugging
bufferresponse macro use logiotrackttfb mimemagic checkspelling
dumpioinput dumpiooutput heartbeatlisten heartbeataddress watchdoginterval md_domain
deflatecompressionlevel deflatememlevel deflatewindowsize deflatebuffersize deflatefilternote deflateinflatelimitrequestbody
deflateinflateratioburst deflateinflateratiolimit brotlicompressionquality remoteipinternalproxy
remoteiptrustedproxy remoteipproxiesheader remoteipinternalproxylist remoteiptrustedproxylist remoteipproxyprotocol
cookietracking cookiename cookieexpires cookiestyle cookiedomain addmoduleinfo registerhttpmethod
unsetenvif qualifyredirecturl httpprotocoloptions wsgiapplicationwrapper strictredirect addinputfilter setinputfilter suexecusergroup`);

/** Directives that change answers. */
const response: ReadonlySet<string> = words(`
header expiresactive expiresbytype expiresdefault addoutputfilter addoutputfilterbytype setoutputfilter removeoutputfilter
removeinputfilter filterdeclare filterprovider filterchain filterprotocol filtertrace substitute substitutemaxlinelength substituteinheritbefore
proxyhtmlenable proxyhtmlurlmap cacheenable cachedisable cacheroot cachequickhandler cachelock cachesocache ratelimit rate-limit
sessioncookiename session asis xbithack ssiundefinedecho ssierrormsg ssitimeformat extfilterdefine extfilteroptions
charsetsourceenc charsetdefault charsetoptions addoutputfilterby brotlifilternote metafiles metadir metasuffix
requestheader`);

/** Directives by which Apache answers or forwards by its own means. */
const apacheOnly: ReadonlySet<string> = words(`
proxypassreverse proxypassreversecookiedomain proxypassreversecookiepath proxypreservehost
proxyrequests proxyvia proxytimeout proxyset balancermember proxypassinherit proxypassinterpolateenv proxyerroroverride
proxyaddheaders proxyiobuffersize proxyreceivebuffersize proxymaxforwards proxydomain proxyblock proxybadheader noproxy
proxyremote proxyremotematch proxyftpdircharset proxyfcgisetenvif proxyfcgibackendtype proxywebsocketfallbacktoproxyhttp
sslproxyengine sslproxyverify sslproxycheckpeercn sslproxycheckpeername sslproxycheckpeerexpire sslproxyprotocol
sslproxyciphersuite sslproxycacertificatefile sslproxycacertificatepath sslproxymachinecertificatefile sslproxyverifydepth
action script dav davlockdb davmintimeout davdepthinfinity fcgidwrapper fcgidinitialenv`);

/** Directives that Apache keeps for mod_wsgi's requests too, and the sidecar does not. */
const notKept: ReadonlySet<string> = words('cgivar secruleengine');

/** Sections with the same fates. */
const apacheSections: ReadonlySet<string> = words(
  'proxy proxymatch authnprovideralias authzprovideralias virtualhost',
);

/** Read by another reader, wherever they stand. */
const readElsewhere: ReadonlySet<string> = words('proxypass proxypassmatch');

/** Says what is to be said about a directive that no reader took; of one that stands in a wrong place it is said elsewhere. */
export function reportUnread(
  node: DirectiveNode,
  { diagnostics, misplaced }: Pick<BuildContext, 'diagnostics' | 'misplaced'>,
): void {
  if (misplaced.has(node)) return;
  if (node.kind === 'directive' && (harmless.has(node.key) || readElsewhere.has(node.key))) return;
  if (response.has(node.key)) {
    const message = `"${node.name} ${node.text}" changes answers or headers, and only Apache does that`;
    const advice = 'Keep Apache in front of the mounts that need it';
    diagnostics.push({ ...diagnose(node, 'info', 'response-directive', message), advice });
    return;
  }
  if (node.key === 'remoteipheader') {
    const message = `"${node.name} ${node.text}" says who the client is, by which access is judged; the sidecar believes X-Forwarded-For of "trustedProxies" alone`;
    const advice = 'Name the front by trustedProxies, and have it send X-Forwarded-For';
    diagnostics.push({ ...diagnose(node, 'warning', 'client-address', message), advice });
    return;
  }
  if (node.key === 'secruleengine' && node.kind === 'directive' && !/^on$/i.test(node.args[0] ?? '')) return;
  if (notKept.has(node.key)) {
    const message = `"${node.name} ${node.text}" is not kept by the sidecar`;
    const advice = 'Leave it to Apache in front, or to the application';
    diagnostics.push({ ...diagnose(node, 'warning', 'directive-not-kept', message), advice });
    return;
  }
  if (apacheOnly.has(node.key) || (node.kind === 'section' && apacheSections.has(node.key))) {
    const message = `"${node.name} ${node.text}" makes Apache answer by its own means, which the sidecar does not`;
    diagnostics.push({
      ...diagnose(node, 'warning', 'apache-only-directive', message),
      advice: 'Leave what it covers to Apache',
    });
    return;
  }
  const instead = node.kind === 'directive' ? wsgiWithoutEffect.get(node.key) : undefined;
  if (instead !== undefined) {
    const message = `"${node.name} ${node.text}" has no effect here`;
    diagnostics.push({ ...diagnose(node, 'info', 'directive-without-effect', message), advice: instead });
    return;
  }
  const message = `"${node.name}" is not known, so what it changes is not known either`;
  const intended = intendedDirective(node);
  const advice =
    intended === undefined
      ? 'Find out whether it decides how requests are answered, which goes on without it here'
      : `Did you mean ${intended}?`;
  diagnostics.push({ ...diagnose(node, 'warning', 'directive-not-understood', message), advice });
}
