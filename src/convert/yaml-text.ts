/**
 * Byte strings in YAML: as text where the bytes are printable UTF-8, else as `!bytes "caf\xe9"`, where each character stands for
 * one byte. Both ways give the same bytes back.
 */
import { Scalar, type ScalarTag } from 'yaml';
import { fromBytes, toBytes } from '../apache/bytes.ts';

/** The tag of a text whose characters are bytes. */
export const BYTES_TAG = '!bytes';

/** For the writer: escapes everything but printable ASCII. */
export const bytesTag: ScalarTag = {
  tag: BYTES_TAG,
  identify: () => false,
  resolve: (text) => text,
  stringify: ({ value }) => `"${String(value).replace(/[^ !#-[\]-~]/g, escapeByte)}"`,
};

function escapeByte(char: string): string {
  return `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
}

/** The YAML of a byte string. */
export function textNode(bytes: string): Scalar {
  const text = fromBytes(bytes);
  if (toBytes(text) === bytes && !/[^ -~\p{L}\p{M}\p{N}\p{P}\p{S}\p{Zs}]/u.test(text))
    return new Scalar(text);
  const scalar = new Scalar(bytes);
  scalar.tag = BYTES_TAG;
  return scalar;
}

/** The byte string of a scalar; undefined for null, and for `!bytes` with a character that is no byte. */
export function bytesOf(scalar: Scalar): string | undefined {
  const { value, tag, source } = scalar;
  if (value === null || value === undefined) return undefined;
  if (tag !== BYTES_TAG) return toBytes(typeof value === 'string' ? value : (source ?? String(value)));
  const text = String(value);
  return /[^\0-\xff]/.test(text) ? undefined : text;
}
