/**
 * Bytes of a client of which no request can be made. `rules.ts` of the proxy says what each is answered with; `detail` is for the log, and
 * holds none of the client's bytes.
 */
export type WireFault = {
  readonly code: WireFaultCode;
  readonly detail: string;
};

/**
 * `line`, `field`, `chunk`, `trailer`: grammar. `empty-line`: half of one, before a request line. `protocol`: another one than HTTP. `version`: no version of HTTP. `http2`: its preface. `target`:
 * characters that no target has. `blanks`: more than one space in a request line. `line-too-long`, `head-too-long`, `trailers-too-long`,
 * `extensions-too-long`: more than may come. `late`: a head that did not come whole in its time.
 */
export type WireFaultCode =
  | 'line'
  | 'empty-line'
  | 'blanks'
  | 'protocol'
  | 'version'
  | 'http2'
  | 'target'
  | 'field'
  | 'line-too-long'
  | 'head-too-long'
  | 'chunk'
  | 'extensions-too-long'
  | 'trailer'
  | 'trailers-too-long'
  | 'late';

export function wireFault(code: WireFaultCode, detail: string): WireFault {
  return { code, detail };
}
