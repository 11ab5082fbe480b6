/**
 * Extension modules that dislike sub-interpreters, by import name, with the evidence. Pure Python packages are here where
 * they cannot be imported without such a module.
 */

export type HostileModule = {
  /** `refuses`: a second import in the process fails. `hangs`: deadlocks or crashes. `confuses`: objects of one interpreter in another. */
  readonly how: 'refuses' | 'hangs' | 'confuses';
  readonly evidence: string;
};

const PYO3: HostileModule = {
  how: 'refuses',
  evidence:
    'PyO3 raises ImportError where a module is initialised again in a process: "PyO3 modules do not yet support subinterpreters" (mod_wsgi #940, pyca/cryptography #9016)',
};
const BY_CRYPTOGRAPHY: HostileModule = { ...PYO3, evidence: `Imports cryptography: ${PYO3.evidence}` };
const NUMPY: HostileModule = {
  how: 'refuses',
  evidence:
    'NumPy warns of sub-interpreters, and later refuses: "cannot load module more than once per process" (numpy #8559; mod_wsgi, "Application Issues", names NumPy and SciPy)',
};
const BY_NUMPY: HostileModule = { ...NUMPY, evidence: `Imports NumPy: ${NUMPY.evidence}` };
const SIMPLE_GIL: HostileModule = {
  how: 'hangs',
  evidence:
    'Uses the simplified GIL API (PyGILState_*), which knows the main interpreter alone: deadlocks and crashes elsewhere (mod_wsgi, "Application Issues")',
};

const TABLE: Readonly<Record<string, HostileModule>> = {
  numpy: NUMPY,
  scipy: NUMPY,
  pandas: BY_NUMPY,
  matplotlib: BY_NUMPY,
  sklearn: BY_NUMPY,
  cv2: BY_NUMPY,
  h5py: BY_NUMPY,
  tensorflow: BY_NUMPY,
  torch: SIMPLE_GIL,
  cryptography: PYO3,
  OpenSSL: BY_CRYPTOGRAPHY,
  jwt: { ...BY_CRYPTOGRAPHY, evidence: `Imports cryptography where it is installed: ${PYO3.evidence}` },
  josepy: BY_CRYPTOGRAPHY,
  paramiko: BY_CRYPTOGRAPHY,
  bcrypt: { ...PYO3, evidence: 'PyO3, from version 4 on (pyca/bcrypt #694)' },
  pydantic_core: PYO3,
  pydantic: { ...PYO3, evidence: 'Imports pydantic_core from version 2 on, which is made with PyO3' },
  fastapi: { ...PYO3, evidence: 'Imports pydantic, whose core is made with PyO3' },
  orjson: {
    how: 'refuses',
    evidence: 'Its README: "orjson does not and will not support … subinterpreters"',
  },
  rpds: PYO3,
  jsonschema: { ...PYO3, evidence: 'Imports rpds from version 4.18 on, which is made with PyO3' },
  tokenizers: PYO3,
  polars: PYO3,
  nh3: PYO3,
  lxml: {
    how: 'confuses',
    evidence:
      'Keeps Python objects and thread state in C globals: isinstance failures and crashes (mod_wsgi, "Application Issues")',
  },
  xmlsec: {
    how: 'hangs',
    evidence:
      'Crashes and hangs outside the main interpreter, through lxml and a library initialised once per process (python3-saml #121)',
  },
  onelogin: { how: 'hangs', evidence: 'Imports xmlsec (python3-saml #121)' },
  psycopg2: {
    how: 'confuses',
    evidence:
      'Keeps the Decimal and datetime of the first interpreter that imports it (mod_wsgi, "Application Issues")',
  },
  MySQLdb: SIMPLE_GIL,
  cx_Oracle: SIMPLE_GIL,
  gevent: {
    how: 'hangs',
    evidence:
      'Greenlets hold the thread state of the interpreter that made them, and mod_wsgi changes interpreters beneath its threads',
  },
  greenlet: { how: 'hangs', evidence: 'Keeps state of threads in C globals, for one interpreter' },
  eventlet: { how: 'hangs', evidence: 'Stands on greenlet' },
  uwsgi: { how: 'refuses', evidence: 'Exists inside uWSGI alone: the import fails under mod_wsgi' },
  uwsgidecorators: { how: 'refuses', evidence: 'Imports uwsgi, which exists inside uWSGI alone' },
  grpc: SIMPLE_GIL,
  _cffi_backend: {
    how: 'hangs',
    evidence: 'Callbacks into Python use the simplified GIL API (mod_wsgi, "Application Issues")',
  },
};

/** What is known against a module, by its dotted name: its top package counts. */
export function hostileModule(name: string): HostileModule | undefined {
  const top = name.split('.', 1)[0] ?? '';
  return Object.hasOwn(TABLE, top) ? TABLE[top] : undefined;
}
