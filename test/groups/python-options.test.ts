import { describe, expect, it } from 'vitest';
import { NO_PYTHON_OPTIONS, pythonVariables, restrictionsOf } from '../../src/groups/python-options.ts';
import { siteOf } from '../support/site-of.ts';

describe('pythonVariables()', () => {
  it('is empty where nothing is said', () => {
    expect(pythonVariables(NO_PYTHON_OPTIONS)).toEqual({});
    expect(pythonVariables(siteOf('WSGIPythonOptimize 0\n').python)).toEqual({});
  });

  it('says what the directives of mod_wsgi say', () => {
    const { python } = siteOf(
      'WSGIPythonOptimize 2\nWSGIDontWriteBytecode On\nWSGIPythonHashSeed 7\nWSGIPythonWarnings error\nWSGIPythonWarnings ignore::UserWarning\n',
    );
    expect(pythonVariables(python)).toEqual({
      PYTHONOPTIMIZE: '2',
      PYTHONDONTWRITEBYTECODE: '1',
      PYTHONHASHSEED: '7',
      PYTHONWARNINGS: 'error,ignore::UserWarning',
    });
  });
});

describe('restrictionsOf()', () => {
  it('keeps applications from signals alone, unless more or less is said', () => {
    expect(restrictionsOf(siteOf('').python)).toEqual({ signal: true, stdin: false, stdout: false });
    const stated = siteOf('WSGIRestrictSignal Off\nWSGIRestrictStdin On\nWSGIRestrictStdout On\n').python;
    expect(restrictionsOf(stated)).toEqual({ signal: false, stdin: true, stdout: true });
  });
});
