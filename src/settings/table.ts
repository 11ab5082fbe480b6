/**
 * The settings that a flag or an environment variable can give: flags, checks and MANUAL.md are made from this table.
 * Settings with inner structure (`virtualHosts`, `mounts`, `groups`) stand in the file alone.
 */
import { GROUP_ENTRIES } from './group-entries.ts';
import { LIMIT_ENTRIES } from './limit-entries.ts';
import { REPORT_ENTRIES } from './report-entries.ts';
import type { SettingEntry } from './setting-entry.ts';
import { SITE_ENTRIES } from './site-entries.ts';

/** In the order in which `--help` shows them. */
export const SETTINGS_TABLE: readonly SettingEntry[] = [
  ...SITE_ENTRIES,
  ...GROUP_ENTRIES,
  ...LIMIT_ENTRIES,
  ...REPORT_ENTRIES,
];

/** The name under which commander keeps a flag: `--drain-timeout <duration>` → `drainTimeout`. */
export function flagName(flag: string): string {
  const [long = ''] = flag.replace(/^--/, '').split(' ');
  return long.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
