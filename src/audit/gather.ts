/** Adds a value to the list under a key; lists grow in place, because one interpreter may hold tens of thousands of mounts. */
export function gather<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
