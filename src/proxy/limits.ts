/** What a client may ask for, in numbers. 0 is no limit where a limit is optional. */

/** Limits of one head. */
export type HeadLimits = {
  /** Bytes of the request line without its end (LimitRequestLine). */
  readonly requestLineBytes: number;
  /** Header fields (LimitRequestFields). */
  readonly headers: number;
  /** Bytes of one field, name and value (LimitRequestFieldSize). */
  readonly headerFieldBytes: number;
};

/** Apache's defaults. */
const APACHE_HEAD_LIMITS: HeadLimits = {
  requestLineBytes: 8190,
  headers: 100,
  headerFieldBytes: 8190,
};

/** What one client may do while its requests are answered. */
export type FrontLimits = {
  readonly head: HeadLimits;
  /** Milliseconds that a client may be silent in the middle of its body. */
  readonly bodyIdleTimeoutMs: number;
};

/** The limits that hold where nothing else is said. */
export const FRONT_LIMITS: FrontLimits = {
  head: APACHE_HEAD_LIMITS,
  // What mod_reqtimeout, as Debian sets it, gives a body before it asks for progress, and half as much again.
  bodyIdleTimeoutMs: 30_000,
};
