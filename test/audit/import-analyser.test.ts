/** The import analyser under every interpreter of this machine: what it tells, and that it runs nothing. */
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ScriptAnalysis } from '../../src/audit/analysis.ts';
import { analyseImports } from '../../src/cli/analyse-imports.ts';
import { describeEachPython } from '../python/each-python.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const HEAD = 'import os\nimport sys\n\nHERE = os.path.dirname(os.path.abspath(__file__))\n';

let folder: TemporaryFolder;
beforeAll(() => {
  folder = makeTemporaryFolder();
  folder.write('lib/config.py', 'import nested\n');
  folder.write('lib/nested.py', '');
});
afterAll(() => folder.remove());

describeEachPython('import_analyser.py', ({ path, isTwo, version }) => {
  const analyse = async (
    source: string | Buffer,
    pythonPath: readonly string[] = [],
  ): Promise<ScriptAnalysis> => {
    const script = folder.write('app.wsgi', source);
    const [result] = await analyseImports(
      [
        {
          python: path,
          pythonPath,
          cwd: '/',
          environment: { PATH: '/usr/bin:/bin' },
          user: undefined,
          scripts: [script],
        },
      ],
      () => {},
    );
    if (result === undefined || 'failure' in result) throw new Error(result?.failure.message);
    return result.scripts[0] as ScriptAnalysis;
  };
  const filesOf = ({ modules }: ScriptAnalysis): Record<string, string | undefined> =>
    Object.fromEntries(modules.map(({ name, path: file }) => [name, file?.slice(folder.path.length + 1)]));

  it.each([
    ['insert', 'sys.path.insert(0, os.path.join(HERE, "lib"))'],
    ['append', 'sys.path.append(HERE + "/lib")'],
    ['extend', 'sys.path.extend([HERE + "/lib"])'],
    ['an addition in front', 'sys.path = [HERE + "/lib"] + sys.path'],
    ['an addition in place', 'sys.path += [os.path.realpath(os.path.join(HERE, ".", "lib"))]'],
    ['a slice', 'sys.path[0:0] = [os.path.normpath("%s/x/../lib" % HERE)]'],
    ['an empty slice', 'sys.path[:0] = ["{0}/lib".format(HERE)]'],
    ['site.addsitedir', 'import site\nsite.addsitedir(HERE + "/lib")'],
    [
      'a loop',
      'for folder in (HERE + "/none", HERE + "/lib"):\n    if folder not in sys.path:\n        sys.path.append(folder)',
    ],
    ['a function', 'def extend():\n    sys.path.append(HERE + "/lib")\n\nextend()'],
    ['an alias', 'from sys import path as places\nplaces.append(HERE + "/lib")'],
  ])('follows sys.path through %s', async (_how, line) => {
    expect(filesOf(await analyse(`${HEAD}${line}\nimport config\n`))).toEqual({
      config: 'lib/config.py',
      nested: 'lib/nested.py',
    });
  });

  it.skipIf(isTwo)('follows pathlib and texts with values in them', async () => {
    const source = `import sys\nfrom pathlib import Path\nROOT = Path(__file__).resolve().parent\nsys.path.insert(0, str(ROOT / "lib"))\n`;
    expect(filesOf(await analyse(`${source}import config\n`)).config).toBe('lib/config.py');
    const text = `import sys\nfrom pathlib import Path\nsys.path.insert(0, f"{Path(__file__).parents[0]}/lib")\n`;
    expect(filesOf(await analyse(`${text}import config\n`)).config).toBe('lib/config.py');
  });

  it('takes python-path to the front, with its .pth files, of which it runs no code', async () => {
    const mark = join(folder.path, 'ran');
    folder.write('first/extra.pth', `../lib\nimport os; os.mkdir("${mark}")\n# nothing\n`);
    expect(filesOf(await analyse('import config\n', [join(folder.path, 'first')])).config).toBe(
      'lib/config.py',
    );
    expect(existsSync(mark)).toBe(false);
  });

  it('imports nothing of the application', async () => {
    const mark = join(folder.path, 'imported');
    folder.write('bad/harmful.py', `import os\nos.mkdir("${mark}")\n`);
    expect(filesOf(await analyse(`${HEAD}sys.path.append(HERE + "/bad")\nimport harmful\n`)).harmful).toBe(
      'bad/harmful.py',
    );
    expect(existsSync(mark)).toBe(false);
  });

  it('follows packages, relative imports, submodules and modules by text', async () => {
    folder.write('apps/shop/__init__.py', 'from . import views\nfrom .models import Thing\n');
    folder.write('apps/shop/views.py', 'from ..other import more\nfrom . import missing\n');
    folder.write('apps/shop/models.py', 'class Thing(object):\n    pass\n');
    folder.write('apps/shop/urls.py', '');
    folder.write(
      'apps/shop/settings.py',
      "ROOT_URLCONF = 'shop.urls'\nINSTALLED_APPS = ['shop.models.Thing', 'gone']\n",
    );
    const told = await analyse(
      `${HEAD}sys.path.append(HERE + "/apps")\nimport importlib\nimportlib.import_module("shop")\nos.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n`,
    );
    expect(filesOf(told)).toMatchObject({
      shop: 'apps/shop/__init__.py',
      'shop.views': 'apps/shop/views.py',
      'shop.models': 'apps/shop/models.py',
      'shop.settings': 'apps/shop/settings.py',
      'shop.urls': 'apps/shop/urls.py',
    });
    expect(told.environ).toMatchObject([
      { key: 'DJANGO_SETTINGS_MODULE', value: 'shop.settings', atImport: true },
    ]);
  });

  it.skipIf(isTwo)('joins the folders of a namespace package', async () => {
    folder.write('ns1/space/one.py', '');
    folder.write('ns2/space/two.py', '');
    const told = await analyse(
      `${HEAD}sys.path.extend([HERE + "/ns1", HERE + "/ns2"])\nimport space.one\nfrom space import two\n`,
    );
    expect(filesOf(told)).toMatchObject({ 'space.one': 'ns1/space/one.py', 'space.two': 'ns2/space/two.py' });
    expect(told.modules.find(({ name }) => name === 'space')?.kind).toBe('namespace');
  });

  it('leaves out what is for type checkers and for programs alone', async () => {
    const told = await analyse(
      `${HEAD}sys.path.append(HERE + "/lib")\nTYPE_CHECKING = False\nif TYPE_CHECKING:\n    import config\nif __name__ == "__main__":\n    os.chdir("/")\n`,
    );
    expect(told.modules).toEqual([]);
    expect(told.effects.map(({ effect }) => effect)).toEqual(['sys.path.append']);
  });

  it('tells writes to the environment by name, whatever it is called', async () => {
    const { environ } = await analyse(
      'import os as system\nfrom os import environ as env\nsystem.environ["A"] = "1"\nenv.update({"B": "2"}, C="3")\nsystem.putenv("D", "4")\ndel env["E"]\nenv.get("F")\n\ndef application(environ, start):\n    env["G"] = environ["X"]\n',
    );
    expect(environ.map(({ key, value, atImport }) => [key, value, atImport])).toEqual([
      ['A', '1', true],
      ['B', '2', true],
      ['C', '3', true],
      ['D', '4', true],
      ['E', undefined, true],
      ['G', undefined, false],
    ]);
  });

  it('tells effects of imports through aliases, and in modules behind the script', async () => {
    folder.write('fx/setup_log.py', 'from logging import basicConfig as configure\nconfigure()\n');
    const { effects } = await analyse(
      `${HEAD}sys.path.append(HERE + "/fx")\nimport setup_log\nfrom gevent import monkey\nmonkey.patch_all()\n`,
    );
    expect(effects.map(({ effect }) => effect)).toEqual([
      'sys.path.append',
      'logging.basicConfig',
      'gevent.monkey.patch_all',
    ]);
    expect(effects[1]).toMatchObject({ file: join(folder.path, 'fx/setup_log.py'), line: 2 });
  });

  it('says what is missing, and whether the script can do without', async () => {
    const { modules } = await analyse(
      'import no_such\ntry:\n    import nor_this\nexcept ImportError:\n    pass\n',
    );
    expect(modules.map(({ name, kind, guarded }) => [name, kind, guarded])).toEqual([
      ['no_such', 'missing', false],
      ['nor_this', 'missing', true],
    ]);
  });

  it('gives one file for two paths to it', async () => {
    const link = join(folder.path, `link-${version}`);
    symlinkSync(join(folder.path, 'lib'), link);
    const { modules } = await analyse(`${HEAD}sys.path.append(${JSON.stringify(link)})\nimport nested\n`);
    expect(modules[0]).toMatchObject({ real: `${folder.path}/lib/nested.py` });
  });

  it('finds the packages of an environment that a script activates', async () => {
    const packages = `venv-${version}/lib/python${version}/site-packages`;
    folder.write(`${packages}/thing.py`, '');
    folder.write(`venv-${version}/bin/activate_this.py`, '');
    const run = isTwo ? 'execfile(activate)' : 'exec(open(activate).read())';
    const told = await analyse(
      `${HEAD}activate = HERE + "/venv-${version}/bin/activate_this.py"\n${run}\nimport thing\n`,
    );
    expect(told.modules[0]).toMatchObject({ name: 'thing', origin: 'installed' });
  });

  it.each([
    ['a syntax error', 'def (:\n'],
    ['a byte that is no text', Buffer.from([0x78, 0x3d, 0x27, 0xff, 0x27, 0x0a, 0x28])],
    ['a zero byte', Buffer.from('x = 1\0\n(')],
  ])('tells %s', async (_what, source) => {
    const { errors } = await analyse(source);
    expect(errors).toMatchObject([{ kind: 'syntax', file: join(folder.path, 'app.wsgi') }]);
  });

  it('tells a script that is a folder or is missing', async () => {
    mkdirSync(join(folder.path, 'dir.wsgi'), { recursive: true });
    const [result] = await analyseImports(
      [
        {
          python: path,
          pythonPath: [],
          cwd: '/',
          environment: {},
          user: undefined,
          scripts: [join(folder.path, 'dir.wsgi'), join(folder.path, 'gone.wsgi')],
        },
      ],
      () => {},
    );
    const kinds =
      result !== undefined && 'scripts' in result ? result.scripts.map(({ errors }) => errors[0]?.kind) : [];
    expect(kinds).toEqual(['unreadable', 'missing']);
  });

  it('reads names that are no UTF-8 and code without end', async () => {
    const deep = `x = ${'('.repeat(60)}1${')'.repeat(60)}\ny = ${Array.from({ length: 3000 }, () => '1').join(' + ')}\n`;
    const told = await analyse(`# -*- coding: latin-1 -*-\n${deep}import json\n`);
    expect(told.script).toBe(join(folder.path, 'app.wsgi'));
    expect(Array.isArray(told.modules)).toBe(true);
  });
});
