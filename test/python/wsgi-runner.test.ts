/** What stands between another server and the group, under every interpreter; the servers themselves: test/integration/runners. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { packageRoot } from '../../src/package-root.ts';
import { describeEachPython } from './each-python.ts';

/** Plays a server: serves each case of its arguments in the way of PEP 3333, and prints head and pieces, or the error. */
const SERVER = `
import json, os, sys
sys.path.insert(0, sys.argv[1])
import wsgi_runner

def simple(environ, start_response):
    start_response("200 OK", [])
    return [b"whole"]

def several(environ, start_response):
    start_response("200 OK", [])
    return iter([b"", b"one", b"two"])

def short(environ, start_response):
    start_response("200 OK", [("Content-Length", "9")])
    return [b"half"]

def long(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"half"]

def nothing(environ, start_response):
    start_response("204 No Content", [])
    return [b"not to be sent"]

def raises(environ, start_response):
    start_response("200 OK", [])
    raise ValueError("broken")

def late(environ, start_response):
    start_response("200 OK", [])
    yield b"begun"
    raise ValueError("broken")

def writes(environ, start_response):
    start_response("200 OK", [])(b"by write, ")
    return [b"by list"]

def again(environ, start_response):
    start_response("200 OK", [])
    try:
        raise ValueError("broken")
    except ValueError:
        start_response("500 Oh", [], sys.exc_info())
    return [b"mended"]

def shows(environ, start_response):
    start_response("200 OK", [])
    names = [key for key in environ if key.startswith(("other.", "HTTP_", "REMOTE"))]
    return [" ".join(sorted(names)).encode("ascii")]

def serve(case):
    name, flags = case[0], case[1:]
    answer = {"head": None, "pieces": [], "error": None}

    def start_response(status, headers, exc_info=None):
        answer["head"] = [status] + [list(header) for header in headers]
        return lambda data: answer["pieces"].append(data.decode("ascii"))

    application = wsgi_runner.Application(globals()[name], frames_chunks="chunks" in flags)
    environ = {"REQUEST_METHOD": "HEAD" if "HEAD" in flags else "GET", "wsgi.file_wrapper": len, "other.key": 1,
               "REMOTE_HOST": "x", "HTTP_X_SIDECAR_EXPECT": "100-continue"}
    try:
        for piece in application(environ, start_response):
            answer["pieces"].append(piece.decode("ascii"))
    except Exception as error:
        answer["error"] = type(error).__name__
    return answer

print(json.dumps(dict((case, serve(case.split(" "))) for case in sys.argv[2:])))
`;

type Answer = { readonly head: readonly unknown[]; readonly pieces: string[]; readonly error: string | null };

const FAILED = [
  '500 Internal Server Error',
  ['Content-Type', 'text/plain'],
  ['x-sidecar-outcome', 'app-error'],
];

const CASES = [
  'simple',
  'simple HEAD',
  'several',
  'several chunks',
  'writes chunks',
  'again',
  'short',
  'long',
  'late chunks',
  'raises',
  'nothing chunks',
  'shows',
] as const;

describeEachPython('wsgi_runner.Application', (python) => {
  let answers: Readonly<Record<(typeof CASES)[number], Answer>>;

  beforeAll(() => {
    const words = ['-c', SERVER, join(packageRoot(), 'src/python'), ...CASES];
    const run = spawnSync(python.path, words, { encoding: 'utf8' });
    answers = JSON.parse(run.stdout || run.stderr) as typeof answers;
  });

  it('passes on answers whose end can be told', () => {
    expect(answers.simple).toMatchObject({ head: ['200 OK', ['Content-Length', '5']], pieces: ['whole'] });
    expect(answers.several).toEqual({ head: ['200 OK'], pieces: ['one', 'two'], error: null });
    const framed = answers['several chunks'];
    expect(framed.head).toEqual(['200 OK', ['Transfer-Encoding', 'chunked']]);
    expect(framed.pieces.join('')).toBe('3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n');
    expect(answers['writes chunks'].pieces.join('')).toBe('a\r\nby write, \r\n7\r\nby list\r\n0\r\n\r\n');
    expect(answers.again).toMatchObject({ head: ['500 Oh', ['Content-Length', '6']], pieces: ['mended'] });
  });

  it('breaks off what is too short, and cuts what is too long', () => {
    expect(answers.short).toMatchObject({ pieces: ['half'], error: 'CutAnswer' });
    expect(answers.long).toMatchObject({ pieces: ['ha'], error: null });
    const late = answers['late chunks'];
    expect([late.pieces.join(''), late.error]).toEqual(['5\r\nbegun\r\n', 'ValueError']);
  });

  it('answers in the place of an application that raises', () => {
    expect(answers.raises.head.slice(0, 3)).toEqual(FAILED);
    expect(answers.raises.error).toBeNull();
  });

  it('has no body where HTTP knows none', () => {
    expect(answers['nothing chunks']).toMatchObject({ head: ['204 No Content'], pieces: [] });
    expect(answers['simple HEAD']).toMatchObject({ head: ['200 OK', ['Content-Length', '5']], pieces: [] });
  });

  it('takes away what the server added to the environ, and says what the client expects', () => {
    expect(answers.shows.pieces).toEqual(['HTTP_EXPECT']);
  });
});
