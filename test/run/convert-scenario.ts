/** A scenario's site by way of the settings file that `convert` makes of its configuration. */
import type { DirectiveNode } from '../../src/apache/directive.ts';
import { fromYaml, type ReadSites } from '../../src/convert/from-yaml.ts';
import { type LeftOut, toYaml } from '../../src/convert/to-yaml.ts';
import { readDocument } from '../../src/settings/document.ts';
import { buildSite } from '../../src/site/build.ts';
import type { Site, SiteOptions } from '../../src/site/model.ts';
import { loadScenario } from './play-vectors.ts';

/** The text of a tree as a settings file, what is left out, and what `sites` of that text reads as. */
export function convertTree(
  tree: readonly DirectiveNode[],
  options: Partial<SiteOptions>,
  file = 'apache.conf',
): { readonly text: string; readonly leftOut: readonly LeftOut[]; readonly sites: ReadSites } {
  const { serverRoot = '/etc/apache2', modules = new Set<string>() } = options;
  const made = toYaml({ file, tree, serverRoot, modules, environment: new Map(), settings: {} });
  return { ...made, sites: readSites(made.text) };
}

/** `sites` of a settings file. Errors of YAML count as problems. */
export function readSites(text: string): ReadSites {
  const { document, placeAt, errors } = readDocument(text);
  const node = document.get('sites', true);
  const sites = fromYaml({ file: 'sidecar.yaml', document, node, placeAt });
  return { ...sites, problems: [...errors, ...sites.problems] };
}

export function readConvertedSite(folder: string, root: string): Site {
  const { tree, options } = loadScenario(folder, root);
  const { sites } = convertTree(tree, options);
  if (sites.problems.length > 0) throw new Error(JSON.stringify(sites.problems));
  return buildSite(sites.tree, {
    ...options,
    serverRoot: sites.serverRoot ?? '/',
    modules: sites.modules,
  }).site;
}
