/** What a connection of a client may take before anybody has looked at a request: in milliseconds and bytes; a time of 0 is no limit. */
export type ConnectionLimits = {
  readonly headBytes: number;
  /** From which on a request line is what makes a head too long. */
  readonly requestLineBytes: number;
  readonly headTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
};
