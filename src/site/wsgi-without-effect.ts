/** mod_wsgi's directives that change nothing here, with what is so instead: `check` says it where one is written. */

/** By lower-case name. */
export const wsgiWithoutEffect: ReadonlyMap<string, string> = new Map([
  ['wsgilazyinitialization', 'Each group starts its own Python, when a request needs it or by "preload"'],
  [
    'wsgidestroyinterpreter',
    'A process ends with its interpreter, after the exit handlers of its applications',
  ],
  ['wsgipy3kwarningflag', 'Set PYTHONWARNINGS by "environment" of the group'],
  [
    'wsgiservermetrics',
    'mod_wsgi.server_metrics() is None; the numbers are on the admin side, under /metrics',
  ],
  ['wsgipassapacherequest', 'There is no Apache request: "apache.request_rec" is absent from the environ'],
  ['wsgienablesendfile', 'Plain files that wsgi.file_wrapper returns are always sent by the kernel'],
  ['wsgierroroverride', 'Error pages of applications are passed on as they are'],
  ['wsgiswitchinterval', 'Call sys.setswitchinterval() in the script'],
  ['wsgiperinterpretergil', 'Each group has a process, and so a lock, of its own'],
  ['wsgifreethreading', 'Name a free-threading interpreter by "python" of the group'],
  ['wsgiinterpreteroptions', 'Set the same by "groups" of the settings'],
  ['wsgislowrequests', 'See the histogram of request durations under /metrics, and the access log'],
  ['wsgitelemetry', 'See /metrics on the admin side'],
  ['wsgitelemetryservice', 'See /metrics on the admin side'],
  ['wsginewrelicconfigfile', 'Initialise the agent in the script'],
  ['wsginewrelicenvironment', 'Initialise the agent in the script'],
]);
