/**
 * The environment of a group process: an allow-list of the sidecar's own and what the plan says, never the whole
 * (SECURITY: a secret in the sidecar's environment is none of the applications' business). HOME, USER and LOGNAME
 * are set by the launcher once it is the group's user.
 */

/** Node's `process.env`. */
export type ParentEnvironment = Readonly<Record<string, string | undefined>>;

/** What a plan adds; all text. */
export type EnvironmentRequest = {
  /** `lang=` and `locale=` of `WSGIDaemonProcess`: LANG and LC_ALL. */
  readonly lang: string | undefined;
  readonly locale: string | undefined;
  /** `python-eggs=`: PYTHON_EGG_CACHE. */
  readonly pythonEggs: string | undefined;
  readonly variables: Readonly<Record<string, string>>;
};

const INHERITED = /^(?:PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ)$/;
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What of an environment is passed on: the same for every group, so that a thousand need not look through all of it. */
export function inheritedFrom(parent: ParentEnvironment): ParentEnvironment {
  return Object.fromEntries(
    Object.entries(parent).filter(([name, value]) => value !== undefined && INHERITED.test(name)),
  );
}

/** What programs that run no application start with. */
export function bareEnvironment(parent: ParentEnvironment): Record<string, string> {
  return { PATH, ...(inheritedFrom(parent) as Record<string, string>) };
}

/** The whole environment that a group process starts with. */
export function planEnvironment(
  parent: ParentEnvironment,
  { lang, locale, pythonEggs, variables }: EnvironmentRequest,
): Record<string, string> {
  const environment = bareEnvironment(parent);
  if (lang !== undefined) environment.LANG = lang;
  if (locale !== undefined) environment.LC_ALL = locale;
  if (pythonEggs !== undefined) environment.PYTHON_EGG_CACHE = pythonEggs;
  return { ...environment, ...variables };
}
