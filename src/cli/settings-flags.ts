/** The flags that commands make from the settings table, and the settings that come of them. */
import type { Command } from 'commander';
import { fromYaml } from '../convert/from-yaml.ts';
import { loadSettings, type Settings } from '../settings/load.ts';
import { SETTINGS_TABLE } from '../settings/table.ts';
import type { CliContext } from './context.ts';

/** What reading a configuration needs; `run` takes every setting. */
export const SITE_KEYS: readonly string[] = [
  'apache',
  'defines',
  'modWsgiVersion',
  'isolation',
  'accessControl',
  'trustedProxies',
  'legacy',
  'unknownPort',
  'expandFromRequest',
  'groupsFrom',
  'python',
];

/** Adds `--config` and a flag for each setting, or each of `keys`. */
export function addSettingsFlags(command: Command, keys?: readonly string[]): Command {
  command.option('--config <file>', 'the settings file, sidecar.yaml');
  for (const { key, flag, prose, default: preset } of SETTINGS_TABLE) {
    if (flag === undefined || (keys !== undefined && !keys.includes(key))) continue;
    const shown =
      preset === undefined || preset === false || Array.isArray(preset) ? '' : ` (default: ${preset})`;
    command.option(flag, `${prose}${shown}`);
  }
  return command;
}

/** Flags, environment and the file of `--config`, checked. */
export function settingsOf(context: CliContext, flags: Readonly<Record<string, unknown>>): Settings {
  const { config: file } = flags;
  return loadSettings({
    ...(typeof file === 'string' ? { file } : {}),
    flags,
    environment: context.environment,
    checkSites: (sites) => fromYaml(sites).problems,
  });
}
