import { SidecarError } from '../errors.ts';

/** The error of an upstream's bytes that are no answer, or could be read as two (RFC 9112 §6.3); `why` goes on the sentence. */
export function unreadableAnswer(why: string): SidecarError {
  return new SidecarError('ERR_UPSTREAM_INVALID', `Answer of the upstream cannot be read: ${why}`);
}
