// Who may import whom. One direction: a lib sees only what stands to its left, and apps/ stands right of them all.
// The compiler resolves #name to dist/, which need not exist: the paths of tsconfig.lint.json lead to the sources.
const LIBS = ['core', 'rbac', 'identity', 'companies', 'leave', 'timesheets', 'gdpr'];

const libs = (names) => `^libs/(${names.join('|')})/`;
const spec = '[.]spec[.]ts$';
const production = { path: '^(apps|libs|migrations|tools|packages)/.+[.]ts$', pathNot: spec }; // tools/*.mjs stay at home
const typeorm = '(^|/)node_modules/typeorm/';

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

module.exports = {
  forbidden: [
    ...LIBS.map((lib, place) =>
      forbid(
        `direction-${lib}`,
        `Of our own code ${lib} imports ${LIBS.slice(0, place).concat('itself').join(', ')}.`,
        { path: libs([lib]) },
        { path: '^(apps|libs|migrations|tools|bench|packages)/', pathNot: libs(LIBS.slice(0, place + 1)) },
      ),
    ),
    forbid('lib-without-place', 'A new lib is put into the order first.', { path: '^libs/', pathNot: libs(LIBS) }, {}),
    forbid('no-cycle', 'Nothing imports itself again, not even for a type.', {}, { circular: true }),

    forbid(
      'past-the-index',
      'Another lib is entered through its src/index.ts.',
      { path: '^(libs/[^/]+|apps)/' },
      { path: '^libs/', pathNot: ['^$1/', '^libs/[^/]+/src/index[.]ts$'] },
    ),
    forbid(
      'not-by-name',
      'Another lib is imported as #name.',
      { path: '^(libs/[^/]+|apps)/' },
      { path: '^libs/', pathNot: '^$1/', dependencyTypesNot: ['aliased'] },
    ),
    forbid('own-name', 'Inside a lib, imports are relative.', { path: '^(libs/[^/]+)/' }, { path: '^$1/', dependencyTypes: ['aliased'] }),
    forbid('unresolvable', 'There is no such file or package (a lib has no second door: no #name/file).', {}, { couldNotResolve: true }),
    forbid('built', 'Sources import sources.', {}, { path: '^dist/' }),

    forbid('migration-imports', 'A migration imports types of typeorm and nothing else.', { path: '^migrations/' }, { pathNot: typeorm }),
    forbid(
      'migration-values',
      'A migration imports types of typeorm and nothing else.',
      { path: '^migrations/' },
      { path: typeorm, dependencyTypesNot: ['type-only', 'type-import'] },
    ),
    forbid('client-alone', 'The client is published alone.', { path: '^packages/' }, { path: '^(apps|libs|migrations|tools|test|bench)/' }),
    forbid('tool-imports', 'Tools know nothing of libs and apps.', { path: '^tools/' }, { path: '^(apps|libs)/' }),

    forbid('undeclared', 'Production has only the dependencies of package.json.', production, {
      dependencyTypes: ['npm-dev', 'npm-optional', 'npm-peer', 'npm-no-pkg', 'npm-unknown'],
    }),
    forbid('production-tests', 'Production imports no test code.', production, { path: '^test/' }),
    forbid('spec-imported', 'Nobody imports a spec.', {}, { path: spec }),
  ],
  options: {
    doNotFollow: { path: '(^|/)(node_modules|dist)/' },
    tsPreCompilationDeps: true, // type-only imports count
    tsConfig: { fileName: 'tsconfig.lint.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
