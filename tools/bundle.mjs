// Makes of the built server and its packages a few files in dist/server, so that a start reads these instead of 1,900 modules. What the start
// does not need (the OpenAPI document, mails, calendars) is a chunk of its own, read when first asked for.
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { minify } from 'rolldown/utils';

const root = join(import.meta.dirname, '..');

/** The server, and what runs one of its jobs. */
const ENTRIES = ['main', 'job'];

/** Each a file, so that a stack trace tells where it comes from; what is imported first. */
const LIBS = ['core', 'rbac', 'identity', 'companies', 'leave', 'timesheets', 'gdpr'];

const PACKAGES = 'packages';

/** They find files beside them, or are a binary: they stay in node_modules. */
const APART = ['@node-rs/argon2', 'pino'];

const OBJECT = '\0object:';

/** Of two copies of a package each would have its own state: whatever asks for one behind the bundler's back is told here. */
const oneCopy = {
  name: 'one-copy',
  /** Nest's `import()`s of packages that may be missing: what the server has of them it hands over itself. */
  resolveId: (source, importer, { kind }) =>
    kind === 'dynamic-import' && importer?.includes('/node_modules/') && !source.startsWith('.')
      ? { id: source, external: true }
      : undefined,
  transform: {
    filter: { id: /@nestjs\/typeorm\/dist\/common\/typeorm-compat\.js$/ },
    handler: (code) => ({ code: code.replace('const require = createRequire(import.meta.url);', ''), map: null }),
  },
};

/**
 * An `import` of one of Node's modules reads each of its exports, and some are getters that load much: the client of `fetch` behind http's
 * `WebSocket`, all root certificates of tls. As an object it is read where it is used.
 */
const withoutGetters = {
  name: 'without-getters',
  resolveId: (source, _importer, { kind }) =>
    kind === 'import-statement' && /^(node:)?(http|tls)$/.test(source) ? { id: OBJECT + source.replace('node:', '') } : undefined,
  load: (id) => (id.startsWith(OBJECT) ? exportsOf(`node:${id.slice(OBJECT.length)}`) : undefined),
};

function exportsOf(name) {
  const exports = Object.entries(Object.getOwnPropertyDescriptors(process.getBuiltinModule(name)));
  const plain = exports.filter(([, property]) => 'value' in property).map(([key]) => key);
  return `const module = process.getBuiltinModule('${name}');\nexport default module;\nexport const { ${plain.join(', ')} } = module;`;
}

/** TypeORM loads the drivers of every database that it knows; they are two fifths of it. */
const oneDriver = {
  name: 'one-driver',
  transform: {
    filter: { id: /\/typeorm\/driver\/(?!postgres\/|sqlserver\/MssqlParameter)[a-z\d-]+\/\w+\.js$/ },
    handler: () => ({ code: '', map: null }),
  },
};

/**
 * V8 keeps the text of each file, so what is not ours is made small (its functions keep their names, ours their lines too). A text with a
 * character beyond ASCII takes two bytes for each; in strings and patterns an escape is the same.
 */
const smallText = {
  name: 'small-text',
  async generateBundle(_options, files) {
    for (const file of Object.values(files)) {
      if (file.type !== 'chunk') continue;
      if (file.name === PACKAGES) file.code = (await minify(file.fileName, file.code, { module: true, mangle: { keepNames: true } })).code;
      file.code = file.code.replaceAll(/(\\*)([^\0-\x7F])/g, escaped);
    }
  },
};

function escaped(_, backslashes, character) {
  if (backslashes.length % 2 === 1) throw new Error(`the bundle has a backslash before ${character}, which cannot become an escape`);
  return `${backslashes}\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

export async function bundle() {
  const bundler = await rolldown({
    cwd: root,
    input: Object.fromEntries(ENTRIES.map((name) => [name, `dist/apps/api/src/${name}.js`])),
    platform: 'node',
    external: APART,
    resolve: { mainFields: ['module', 'main'] },
    plugins: [oneCopy, withoutGetters, oneDriver, smallText],
    onLog: (level, log, handle) => log.code === 'UNRESOLVED_IMPORT' || handle(level, log),
  });
  return await bundler.write({
    dir: join(root, 'dist/server'),
    cleanDir: true,
    comments: false,
    keepNames: true, // of classes that share one: providers, entities and schemas go by it
    chunkFileNames: '[name]-[hash].js',
    codeSplitting: {
      groups: [
        { name: PACKAGES, test: /\/node_modules\//, tags: ['$initial'], priority: LIBS.length + 1 },
        ...LIBS.map((name, place) => ({ name, test: `/dist/libs/${name}/`, tags: ['$initial'], priority: LIBS.length - place })),
        { name: 'api', test: /\/dist\/apps\/api\/src\/(?!(main|job)\.js)/, tags: ['$initial'], priority: 0 },
      ],
    },
  });
}

if (import.meta.filename === process.argv[1]) await bundle();
