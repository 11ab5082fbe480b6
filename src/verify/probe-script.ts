/** The script that says which interpreter runs it, and what its answer says. Standard library only, CPython 2.7 and 3.6 or later. */
import type { Route } from '../routing/route.ts';

/** What an operator calls the file of a temporary alias; mounts with a target of this name are asked by `--against`. */
export const probeFileName = 'wsgi-sidecar-probe.wsgi';

const names = [
  'mod_wsgi.application_group',
  'mod_wsgi.process_group',
  'mod_wsgi.callable_object',
  'SCRIPT_NAME',
  'PATH_INFO',
  'SCRIPT_FILENAME',
  'SERVER_NAME',
  'SERVER_PORT',
];

/** The text of the script, which answers under each of the given names of callable objects. */
export function probeScript(callables: readonly string[] = ['application']): string {
  return `# Answers with the interpreter that mod_wsgi chose: made by "wsgi-sidecar verify --print-probe"
import json

NAMES = ${JSON.stringify(names)}


def application(environ, start_response):
    said = dict((name, environ.get(name)) for name in NAMES)
    body = json.dumps(said).encode("ascii")
    start_response("200 OK", [("Content-Type", "application/json"), ("X-Wsgi-Sidecar-Probe", "1"),
                              ("Content-Length", str(len(body)))])
    return [body]


for _name in ${JSON.stringify(callables)}:
    globals()[_name] = application
`;
}

/** What of an answer is compared. Byte strings; SERVER_PORT as text. */
export type ProbeNames = {
  readonly applicationGroup: string;
  readonly processGroup: string;
  readonly callableObject: string;
  readonly scriptName: string;
  readonly pathInfo: string;
  readonly scriptFilename: string;
  readonly serverName: string;
  readonly serverPort: string;
};

/** The names in a probe's answer; undefined when it is no probe's. */
export function parseProbe(body: string): ProbeNames | undefined {
  let said: unknown;
  try {
    said = JSON.parse(body);
  } catch {
    return undefined;
  }
  const values = said as Readonly<Record<string, unknown>>;
  if (typeof said !== 'object' || said === null || !names.every((name) => typeof values[name] === 'string')) {
    return undefined;
  }
  const text = (name: string): string => values[name] as string;
  return {
    applicationGroup: text('mod_wsgi.application_group'),
    processGroup: text('mod_wsgi.process_group'),
    callableObject: text('mod_wsgi.callable_object'),
    scriptName: text('SCRIPT_NAME'),
    pathInfo: text('PATH_INFO'),
    scriptFilename: text('SCRIPT_FILENAME'),
    serverName: text('SERVER_NAME'),
    serverPort: text('SERVER_PORT'),
  };
}

/** The names of callable objects that the probe must answer under. */
export function callablesOf(routes: readonly Route[]): readonly string[] {
  const found = routes.flatMap((route) => (route.kind === 'wsgi' ? [route.callableObject] : []));
  return [...new Set(['application', 'handle_request', ...found])];
}
