/** Environment variables of a request: names are compared without case, the first spelling stays (`apr_table_t`). */

/** A variable and its value; `fromRequest` where a text that the client sent is part of the value. */
export type VariableEntry = { readonly name: string; readonly value: string; readonly fromRequest?: boolean };

/** Variables by lower-case name; undefined while there are none, which is the usual case. */
export type VariableTable = ReadonlyMap<string, VariableEntry> | undefined;

/** The value of a variable. */
export function getVariable(table: VariableTable, name: string): string | undefined {
  return table?.get(name.toLowerCase())?.value;
}

/** The table with one variable set. */
export function setVariable(table: VariableTable, entry: VariableEntry): VariableTable {
  const key = entry.name.toLowerCase();
  const changed = new Map(table);
  return changed.set(key, { ...entry, name: changed.get(key)?.name ?? entry.name });
}

/** The table without a variable. */
export function unsetVariable(table: VariableTable, name: string): VariableTable {
  const key = name.toLowerCase();
  if (table?.has(key) !== true) return table;
  const changed = new Map(table);
  changed.delete(key);
  return changed;
}

/** Both tables; what stands in `over` counts (`apr_table_overlay()`). */
export function overlayVariables(base: VariableTable, over: VariableTable): VariableTable {
  if (base === undefined || base.size === 0) return over;
  if (over === undefined || over.size === 0) return base;
  const merged = new Map(base);
  for (const [key, entry] of over) merged.set(key, { ...entry, name: merged.get(key)?.name ?? entry.name });
  return merged;
}

const none: ReadonlyMap<string, string> = new Map();

/** The table as names and values; the same object for the same table. */
export function plainVariables(table: VariableTable): ReadonlyMap<string, string> {
  if (table === undefined || table.size === 0) return none;
  return new Map(Array.from(table.values(), ({ name, value }) => [name, value]));
}
