/** Where the private copy of `verify` takes its configuration from. */
import { toBytes } from '../apache/bytes.ts';
import { loadConfiguration } from '../apache/load.ts';
import type { LoadedModule } from '../apache/modules.ts';
import { nodeFileReader } from '../apache/node-file-reader.ts';
import type { Settings } from '../settings/load.ts';
import { readTree } from '../sidecar/load-site.ts';
import { createFileProbe } from '../supervisor/file-probe.ts';
import { copiedModules } from '../verify/copy-rules.ts';
import type { CopySource } from '../verify/private-copy.ts';
import type { CliContext } from './context.ts';

/** What a private copy is made of, but for its meaning. */
export type SourceOfCopy = Omit<CopySource, 'site'> & {
  readonly environment: Readonly<Record<string, string>>;
};

/** What is copied: Apache's own text, or the `sites` of the settings, which name modules but not where they lie. */
export function copySource(settings: Settings, { environment }: CliContext): SourceOfCopy {
  if (settings.sites !== undefined) {
    const read = readTree(settings, environment, nodeFileReader);
    const names = read.modules.size > 0 ? [...read.modules] : [...copiedModules].filter(isUsualModule);
    return { ...read, modules: new Map(names.map((symbol) => [symbol, installedModule(symbol)])) };
  }
  const loaded = loadConfiguration({
    file: toBytes(settings.apache ?? ''),
    reader: nodeFileReader,
    environment,
    defines: settings.defines.map(toBytes),
  });
  return { ...loaded, environment: Object.fromEntries(loaded.environment) };
}

/** One way of serving is enough. */
function isUsualModule(symbol: string): boolean {
  return symbol !== 'mpm_worker_module' && symbol !== 'mpm_prefork_module';
}

/** Where distributions put modules. */
const moduleFolders = ['/usr/lib/apache2/modules', '/usr/lib64/httpd/modules', '/usr/libexec/apache2'];

/** A module by its symbol; without a file it counts as built in. */
function installedModule(symbol: string): LoadedModule {
  const name = `mod_${symbol.replace(/_module$/, '')}`;
  const file = moduleFolders
    .map((folder) => `${folder}/${name}.so`)
    .find((path) => createFileProbe().kind(path) === 'file');
  return { symbol, sources: [`${name}.c`], ...(file === undefined ? {} : { file }) };
}
