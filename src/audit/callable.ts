import type { Scope } from '../site/scope.ts';

/** The callable object of a mount; absent where only a request tells: a dispatch script may name another, `%{ENV:x}` is a request's. */
export function callableOf(scope: Scope, named: string | undefined): { readonly callableObject?: string } {
  const isKnown = scope.dispatchScript === undefined && named?.startsWith('%{') !== true;
  return isKnown ? { callableObject: named ?? 'application' } : {};
}
