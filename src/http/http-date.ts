/** The time of day as answers tell it (RFC 9110 §5.6.7), made once a second. */
let second = -1;
let text = '';

export function httpDate(): string {
  const now = Date.now();
  const current = Math.floor(now / 1000);
  if (current !== second) {
    second = current;
    text = new Date(now).toUTCString();
  }
  return text;
}
