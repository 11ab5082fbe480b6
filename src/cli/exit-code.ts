/** How the command line ends. The numbers are API: MANUAL.md, "Exit codes". */
import type { ErrorCode } from '../errors.ts';

export const EXIT = {
  ok: 0,
  /** `check` found errors, or the command could not do what it was asked. */
  failed: 1,
  /** Wrong flags or arguments. */
  usage: 2,
  /** Settings or Apache's configuration cannot be used. */
  configuration: 3,
  /** A port, socket or folder cannot be used, or a file not written. */
  place: 4,
  /** A fault of the program itself. */
  internal: 70,
  /** Ended at once by a second Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** How a command says with which code the program ends. */
export type Finish = (code: ExitCode) => void;

/** The exit code of an error that ended a command. */
export function exitCodeOf(code: ErrorCode): ExitCode {
  switch (code) {
    case 'ERR_CONFIG_UNREADABLE':
    case 'ERR_CONFIG_SYNTAX':
    case 'ERR_SETTINGS_INVALID':
      return EXIT.configuration;
    case 'ERR_LISTEN':
    case 'ERR_RUNTIME_DIR':
    case 'ERR_OUTPUT':
      return EXIT.place;
    case 'ERR_INTERNAL':
      return EXIT.internal;
    default:
      return EXIT.failed;
  }
}
