/** The options of `WSGIDaemonProcess` that have no meaning here, in the settings' style, and why. */
export const NOT_CARRIED: Readonly<Record<string, string>> = {
  socketUser: 'the socket of a group process lies in a folder that only the user of the sidecar may enter',
  responseBufferSize:
    'answers are passed on as they come, and a process waits for clients that are slower than the buffers of its socket',
  responseFlushDelay: 'answers are passed on as they come',
  headerBufferSize: 'the head of an answer may have 64 KiB in all, and a line of it as much',
  serverMetrics:
    'there is no scoreboard of Apache; the metrics of groups stand at /metrics of the admin side',
  newrelicConfigFile:
    'no agent is started; initialise it in the script: newrelic.agent.initialize(FILE, ENVIRONMENT)',
  newrelicEnvironment:
    'no agent is started; initialise it in the script: newrelic.agent.initialize(FILE, ENVIRONMENT)',
  slowRequests: 'the access log has the times of every request',
  telemetryService: 'the metrics of groups stand at /metrics of the admin side',
  perInterpreterGil: 'a group has processes of its own, and so a lock of its own',
  freeThreading: 'name a free-threaded interpreter by "python" of the group',
  interpreterOptions: 'name what they set by "environment" of the group',
};
