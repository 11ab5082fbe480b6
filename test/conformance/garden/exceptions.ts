/** What the sidecar lets through and two others refuse: the case, and the words under which the manual argues for it. */
export const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ['a carriage return before the request', 'A carriage return alone before a request line'],
]);
