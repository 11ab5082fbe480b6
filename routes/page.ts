/** `/`: the groups as one HTML table, for a person who opened the port in a browser. */
import { Hono } from 'hono';
import { html } from 'hono/html';
import type { AdminModel, GroupView } from './model.ts';

const STYLE = `body{font:15px/1.4 system-ui,sans-serif;margin:2rem;color:#222;background:#fff}
table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.3rem .9rem .3rem 0;border-bottom:1px solid #ddd}
code{font-size:13px}.failed,.backing_off{color:#b00020}.ready{color:#0a6b2d}`;

type Markup = ReturnType<typeof html>;

export function pageRoutes({ groups, readiness }: Pick<AdminModel, 'groups' | 'readiness'>): Hono {
  const routes = new Hono();
  routes.get('/', (context) => {
    const rows = groups().map(renderRow);
    return context.html(html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>wsgi-sidecar</title>
<style>${STYLE}</style></head><body><h1>wsgi-sidecar</h1><p>The sidecar is ${readiness().state}.
<a href="/metrics">Metrics</a> · <a href="/api/groups">groups</a> · <a href="/api/site">site</a> · <a href="/api/diagnostics">diagnostics</a></p>
<table><thead><tr><th>Application group</th><th>Process group</th><th>State</th><th>Pids</th><th>Mounts</th><th>Scripts</th></tr></thead>
<tbody>${rows}</tbody></table>${renderSharing(groups())}</body></html>`);
  });
  return routes;
}

/** What still shares a process, and the setting that parts it. */
function renderSharing(groups: readonly GroupView[]): Markup | string {
  const shared = groups.filter(({ sharing }) => sharing.length > 1);
  if (shared.length === 0) return '';
  const items = shared.map(
    ({ applicationGroup, sharing }) =>
      html`<li><code>${applicationGroup}</code>: <code>${sharing.join(' ')}</code></li>`,
  );
  return html`<h2>Scripts that share a process</h2><ul>${items}</ul><p>The setting <code>isolation: per-script</code> parts them under the same names.</p>`;
}

function renderRow(group: GroupView): Markup {
  const pids = group.processes.map(({ pid, url }) => url ?? pid).join(' ');
  return html`<tr><td><a href="/api/groups/${group.id}"><code>${group.applicationGroup}</code></a> ${group.part ?? ''}</td>
<td><code>${group.processGroup}</code></td><td class="${group.state}" title="${group.reason}">${group.state}</td><td>${pids}</td>
<td><code>${group.mounts.join(' ')}</code></td><td><code>${group.scripts.join(' ')}</code></td></tr>`;
}
