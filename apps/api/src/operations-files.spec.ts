import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { Config, Jobs } from '#core';
import { GLOBAL_TABLES } from '../../../test/schema-rules.js';
import { startTestServer } from '../../../test/server.js';
import type { TestServer } from '../../../test/server.js';
import { readCatalogue } from './generate/catalogue.js';
import type { Catalogue } from './generate/catalogue.js';

const root = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const listed = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .toSorted();

/** The variables that the one reader of the environment asks for. */
const VARIABLES = new Set(
  [...read('libs/core/src/config.ts').matchAll(/(?:this\.\w+\('|this\.env\.)([A-Z][A-Z0-9_]+)\b/g)].map(([, name]) => name),
);
const isSecret = (name: string): boolean => /PASS|SECRET|TOKEN(?!_TTL)|_KEY$/.test(name);
/** With a version to the second place at least, and nothing that moves by name. */
const isPinned = (image: string): boolean => /^[\w./-]+:v?\d+\.\d+[\w.-]*$/.test(image);

/** Whether a program that a test needs is not on this machine; then the run says so. */
function isMissing(program: string, debianPackage: string): boolean {
  if (spawnSync(program, ['--version']).status === 0) return false;
  console.warn(`NOT TESTED: ${program} is missing (in Debian: ${debianPackage})`);
  return true;
}

describe('the Dockerfile', () => {
  const instructions = read('Dockerfile')
    .replaceAll(/^#.*$/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim().split(/\s+(.*)/s))
    .filter(([word]) => word)
    .map(([word = '', rest = '']) => ({ word, rest }));
  const all = (word: string) => instructions.filter((instruction) => instruction.word === word).map(({ rest }) => rest);
  const stages = all('FROM').map((from) => from.split(' AS ') as [image: string, name: string]);

  it('builds on a pinned image, and ends with the small one', () => {
    const names = stages.map(([, name]) => name);
    expect(stages.filter(([image]) => !names.includes(image) && !isPinned(image))).toEqual([]);
    expect(stages.at(-1)).toEqual(['app', 'runtime']);
  });

  it('runs as a number that is not root, in every stage that is an image', () => {
    const users = all('USER');
    expect(users).toEqual(['10001:10001', '0', '10001:10001']); // root only to install, in between
    expect(instructions.findLast(({ word }) => word === 'USER')?.rest).toBe('10001:10001');
  });

  it('starts node itself, and asks it whether it lives', async () => {
    const { start } = (JSON.parse(read('package.json')) as { scripts: { start: string } }).scripts;
    const [variables = '', command = ''] = start.split(' exec ');
    expect(all('ENTRYPOINT').map((entry) => JSON.parse(entry) as unknown)).toEqual([command.split(' ')]);
    expect(all('ENV')).toContain(variables);
    expect(all('CMD')).toEqual([]);
    const [, probe = ''] = /CMD (\[.*\])/.exec(all('HEALTHCHECK').join(''))!;
    const [program, ...options] = JSON.parse(probe) as string[];
    expect(program).toBe('node');

    const heard: string[] = [];
    let status = 200;
    const server = createServer((request, response) => {
      heard.push(request.url!);
      response.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const PORT = String((server.address() as AddressInfo).port);
    const exit = async () => (await once(spawn(process.execPath, options, { env: { PORT } }), 'exit'))[0] as number;
    expect(await exit()).toBe(0);
    status = 503;
    expect(await exit()).toBe(1);
    server.close();
    server.closeAllConnections();
    expect(await exit()).toBe(1);
    expect(heard).toEqual(['/health/live', '/health/live']);
  });

  it('holds no secret, and brings only what .dockerignore lets through', () => {
    const variables = [...all('ENV'), ...all('ARG')].flatMap((line) => [...line.matchAll(/(\w+)=/g)].map(([, name]) => name!));
    expect(variables.filter(isSecret)).toEqual([]);
    const [first, ...allowed] = read('.dockerignore')
      .split('\n')
      .filter((line) => line && !line.startsWith('#'));
    expect(first).toBe('*');
    const copied = all('COPY')
      .filter((rest) => !rest.startsWith('--from='))
      .flatMap((rest) => rest.split(' ').slice(0, -1));
    expect(new Set(allowed.filter((line) => line.startsWith('!')).map((line) => line.slice(1)))).toEqual(new Set(copied));
    expect(copied.filter((path) => path.startsWith('.') && path !== '.swcrc')).toEqual([]);
  });

  it('brings all that is built: the pages of /docs load the client from dist/packages', () => {
    const { compilerOptions } = JSON.parse(read('nest-cli.json')) as { compilerOptions: { builder: { options: { filenames: string[] } } } };
    const copied = new Set(all('COPY').flatMap((rest) => rest.split(' ').slice(0, -1)));
    expect(compilerOptions.builder.options.filenames.filter((folder) => !copied.has(folder))).toEqual([]);
  });
});

interface Service {
  image: string;
  build?: { target: string };
  environment?: Record<string, string>;
  ports?: string[];
  healthcheck?: object;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  depends_on?: Record<string, { condition: string }>;
  volumes?: string[];
}

describe('Compose', () => {
  const files = ['docker-compose.yml', 'ops/compose/stack.yml'];
  const of = (path: string) => (parse(read(path), { merge: true }) as { services: Record<string, Service> }).services;
  const [alone, over] = files.map(of) as [Record<string, Service>, Record<string, Service>];
  const services = Object.entries({ ...over, ...alone }).map(
    ([name]) => ({ name, ...alone[name], ...over[name] }) as Service & { name: string },
  );
  const environments = [alone, over].flatMap((file) => Object.values(file).flatMap(({ environment = {} }) => Object.entries(environment)));
  const { api, migrate } = over as { api: Service; migrate: Service };

  it('starts a database and a mailbox where nothing else is asked for', () => {
    expect(Object.keys(alone)).toEqual(['db', 'mail']);
  });

  it.each(files)('%s has no default for a secret, and says at the top what has to be set', (path) => {
    const text = read(path);
    const header = text.slice(0, text.indexOf('\nname:'));
    const required = [...text.matchAll(/\$\{(\w+):\?[^}]+\}/g)].map(([, name]) => name!);
    expect(required.length).toBeGreaterThan(0);
    expect(required.filter((name) => !header.includes(`${name}=`))).toEqual([]);
    expect(environments.filter(([name, value]) => isSecret(name) && !/^\$\{\w+:\?[^}]+\}$/.test(value))).toEqual([]);
  });

  it.each(services.map((service) => [service.name, service] as const))('confines %s', (_name, service) => {
    expect(service.build !== undefined || isPinned(service.image)).toBe(true);
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect((service.ports ?? []).filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('asks each whether it is well, but for what runs once', () => {
    expect(services.filter(({ healthcheck }) => !healthcheck).map(({ name }) => name)).toEqual(['migrate', 'backup']);
  });

  it('lets the API wait for the migration, which alone has the owner', () => {
    expect(api.depends_on?.migrate).toEqual({ condition: 'service_completed_successfully' });
    expect(Object.keys(migrate.environment ?? {})).toEqual(expect.arrayContaining(['DB_OWNER_USERNAME', 'DB_OWNER_PASSWORD']));
    expect(JSON.stringify(api)).not.toMatch(/OWNER/);
  });

  it('sets what the server reads', () => {
    for (const { environment = {} } of [api, migrate, over.backup!]) {
      expect(Object.keys(environment).filter((name) => !VARIABLES.has(name))).toEqual([]);
      const filled = Object.entries(environment).map(([name, value]) => [
        name,
        value.replaceAll(/\$\{\w+:\?.*?\}/g, 'x'.repeat(32)).replaceAll(/\$\{\w+:-(.*?)\}/g, '$1'),
      ]);
      expect(() => new Config(Object.fromEntries(filled) as NodeJS.ProcessEnv)).not.toThrow();
    }
  });

  it('keeps the ledger of erasures beside the dumps', () => {
    const volume = expect.arrayContaining(['backups:/data/backups']);
    expect([api, over.backup]).toEqual([expect.objectContaining({ volumes: volume }), expect.objectContaining({ volumes: volume })]);
    for (const { environment } of [api, over.backup!]) expect(environment).not.toHaveProperty('BACKUP_DIR'); // DATA_DIR of the image
  });

  it('mounts files that are there', () => {
    const mounted = files.flatMap((path) => [...read(path).matchAll(/- \.\/(ops\/[^:]+):/g)].map(([, source]) => source!));
    expect(mounted.length).toBeGreaterThan(4);
    expect(mounted.filter((source) => listed('ops').every((path) => path !== source && !path.startsWith(`${source}/`)))).toEqual([]);
  });
});

interface Container {
  name: string;
  image: string;
  command?: string[];
  env?: { name: string; value?: string; valueFrom?: { secretKeyRef?: { name: string; key: string; optional?: boolean } } }[];
  envFrom?: { configMapRef?: { name: string } }[];
  ports?: { name: string; containerPort: number }[];
  resources?: { requests?: { memory?: string }; limits?: { memory?: string } };
  securityContext?: object;
  startupProbe?: Probe;
  livenessProbe?: Probe;
  readinessProbe?: Probe;
  volumeMounts?: { name: string; mountPath: string }[];
}
interface Probe {
  httpGet: { path: string; port: string };
}
interface PodSpec {
  containers: Container[];
  initContainers?: Container[];
  terminationGracePeriodSeconds?: number;
  volumes?: { name: string; persistentVolumeClaim?: { claimName: string } }[];
}
interface Manifest {
  path: string;
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: {
    template?: { spec: PodSpec; metadata: { labels: Record<string, string> } };
    jobTemplate?: { spec: { template: { spec: PodSpec } } };
    strategy?: { rollingUpdate: { maxUnavailable: number; maxSurge: number } };
    maxReplicas?: number;
    minReplicas?: number;
    accessModes?: string[];
  };
}
interface Kustomization {
  resources: string[];
  patches?: { path: string }[];
  configMapGenerator: { name: string; literals: string[] }[];
}

const kustomization = (folder: string) => parse(read(`${folder}/kustomization.yaml`)) as Kustomization;

describe('Kubernetes', () => {
  const folders = ['ops/kubernetes/base', 'ops/kubernetes/overlays/example'];
  const manifests = listed('ops/kubernetes')
    .filter((path) => path.endsWith('.yaml') && basename(path) !== 'kustomization.yaml')
    .flatMap((path) =>
      parseAllDocuments(read(path), { merge: true }).map((document) => ({ path, ...(document.toJS() as object) }) as Manifest),
    );
  const one = (kind: string, name: string) => manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === name)!;
  const literals = folders.flatMap((folder) => kustomization(folder).configMapGenerator.flatMap(({ literals: lines }) => lines));
  const settings = Object.fromEntries(literals.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
  const secrets = { DB_PASSWORD: 'x', JWT_SECRET: 'x'.repeat(32), SMTP_URL: 'smtps://mail.example.com' };

  const pods = manifests.flatMap((manifest) => {
    const pod = manifest.spec?.template?.spec ?? manifest.spec?.jobTemplate?.spec.template.spec;
    return pod ? [[manifest.metadata.name, pod] as const] : [];
  });
  const containers = pods.flatMap(([, pod]) => [...pod.containers, ...(pod.initContainers ?? [])]);
  const deployment = one('Deployment', 'ncy8-api');
  const { spec: apiPod } = deployment.spec.template!;
  const [apiContainer] = apiPod.containers as [Container];

  it.each(folders)('%s lists what lies there', (folder) => {
    const { resources, patches = [] } = kustomization(folder);
    const named = [...resources, ...patches.map(({ path }) => path)].filter((path) => !path.startsWith('..'));
    const there = listed(folder).map((path) => path.slice(folder.length + 1));
    expect([...named, 'kustomization.yaml'].toSorted()).toEqual(there);
    for (const base of resources.filter((path) => path.startsWith('..'))) expect(folders).toContain(join(folder, base));
  });

  it.each(manifests.map((manifest) => [`${manifest.kind} ${manifest.metadata.name} of ${basename(manifest.path)}`, manifest] as const))(
    'takes %s',
    async (_name, { path: _, ...manifest }) => {
      const models = (await import(`kubernetes-models/${manifest.apiVersion}`)) as Record<
        string,
        new (data: object) => { validate(): void }
      >;
      const Model = models[manifest.kind]!;
      expect(() => new Model(manifest).validate()).not.toThrow();
    },
  );

  it('has a field for each that is set', () => {
    // Its schemas take fields that they do not know; its types do not.
    const models = dirname(fileURLToPath(import.meta.resolve('kubernetes-models')));
    const lines = manifests.map(({ path: _, ...manifest }, place) => {
      const type = `import('kubernetes-models/${manifest.apiVersion}/${manifest.kind}').I${manifest.kind}`;
      return `export const m${place}: ${type} = ${JSON.stringify(manifest)};`;
    });
    const folder = mkdtempSync(join(tmpdir(), 'ncy8-manifests-'));
    try {
      writeFileSync(join(folder, 'manifests.ts'), lines.join('\n'));
      const paths = { 'kubernetes-models/*': [join(models, '*.d.ts')] };
      const compilerOptions = {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        module: 'esnext',
        moduleResolution: 'bundler',
        types: [],
        paths,
      };
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['manifests.ts'] }));
      const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], { encoding: 'utf8' });
      expect(stdout).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('holds no secret', () => {
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    expect(Object.keys(settings).filter(isSecret)).toEqual([]);
    const given = containers.flatMap(({ env = [] }) => env).filter(({ name }) => isSecret(name));
    expect(given.filter(({ name, value, valueFrom }) => value !== undefined || valueFrom?.secretKeyRef?.key !== name)).toEqual([]);
  });

  it('keeps the owner away from the API', () => {
    expect(JSON.stringify(deployment)).not.toMatch(/owner/i);
    expect(JSON.stringify(one('Job', 'ncy8-migrate'))).toMatch(/ncy8-owner/);
    expect(JSON.stringify(one('CronJob', 'ncy8-backup'))).toMatch(/ncy8-owner/);
    for (const { envFrom = [] } of containers) expect(envFrom).toEqual([{ configMapRef: { name: 'ncy8-config' } }]);
  });

  it('sets what the server reads, with values that it takes', () => {
    const names = [...Object.keys(settings), ...containers.flatMap(({ env = [] }) => env.map(({ name }) => name))];
    expect(names.filter((name) => !VARIABLES.has(name))).toEqual([]);
    expect(() => new Config({ ...settings, ...secrets })).not.toThrow();
    expect(apiContainer.env?.map(({ name }) => name)).toEqual(Object.keys(secrets));
  });

  it('starts with the secrets that the server needs: mails become files without SMTP_URL', () => {
    const env = containers.flatMap((container) => container.env ?? []);
    const needed = env.filter(({ valueFrom }) => !valueFrom?.secretKeyRef?.optional).map(({ name }) => name);
    expect(new Set(needed)).toEqual(new Set(['DB_PASSWORD', 'JWT_SECRET', 'DB_OWNER_USERNAME', 'DB_OWNER_PASSWORD']));
    const { SMTP_URL: _, ...others } = secrets;
    expect(() => new Config({ ...settings, ...others })).not.toThrow();
  });

  it('keeps the ledger of erasures beside the dumps, for every replica', () => {
    const { backupDir } = new Config({ ...settings, ...secrets });
    const claimAt = ({ containers: [container], volumes }: PodSpec) => {
      const mount = container!.volumeMounts?.find(({ mountPath }) => mountPath === backupDir);
      return volumes?.find(({ name }) => name === mount?.name)?.persistentVolumeClaim?.claimName;
    };
    const backupPod = one('CronJob', 'ncy8-backup').spec.jobTemplate!.spec.template.spec;
    expect([apiPod, backupPod].map(claimAt)).toEqual(['ncy8-backups', 'ncy8-backups']);
    expect(backupPod.containers[0]!.env?.map(({ name }) => name)).not.toContain('BACKUP_DIR');
    expect(one('PersistentVolumeClaim', 'ncy8-backups').spec.accessModes).toEqual(['ReadWriteMany']);
  });

  it('restores by the pod of the backup', () => {
    const [, patch = ''] = /--patch='(\[.*?\])'/s.exec(read('ops/kubernetes/README.md'))!;
    const job = structuredClone(one('CronJob', 'ncy8-backup').spec.jobTemplate!);
    for (const { op, path, value } of JSON.parse(patch) as { op: string; path: string; value: unknown }[]) {
      const keys = path.split('/').slice(1);
      const last = keys.pop()!;
      const target = keys.reduce<Record<string, unknown>>((part, key) => part[key] as Record<string, unknown>, { ...job });
      expect([path, last in target]).toEqual([path, op === 'replace']);
      target[last === '-' ? (target.length as number) : last] = value;
    }
    const [{ command, env }] = job.spec.template.spec.containers as [Container];
    expect(command).toEqual(['node', 'dist/apps/api/src/database/cli.js', 'restore', '/backups/<file>']);
    expect(env?.filter(({ value }) => value)).toEqual([{ name: 'DB_DATABASE', value: 'ncy8_restored' }]);
  });

  it('asks the process whether it lives, and the database whether requests may come', () => {
    const { startupProbe, livenessProbe, readinessProbe, ports } = apiContainer;
    const http = (path: string) => expect.objectContaining({ httpGet: { path, port: ports?.[0]?.name } });
    expect([startupProbe, livenessProbe, readinessProbe]).toEqual([http('/health/live'), http('/health/live'), http('/health/ready')]);
    expect(ports?.[0]?.containerPort).toBe(new Config({ ...settings, ...secrets }).port);
  });

  it.each(pods)('confines %s', (_name, pod) => {
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 10_001, seccompProfile: { type: 'RuntimeDefault' } },
    });
    for (const { image, resources, securityContext } of [...pod.containers, ...(pod.initContainers ?? [])]) {
      expect(isPinned(image)).toBe(true);
      expect(securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
      expect(resources).toMatchObject({ requests: { memory: expect.any(String) }, limits: { memory: expect.any(String) } });
    }
  });

  it('says commands that there are', () => {
    const [, commands = ''] = /^const commands = \{\n(.*?)^\};/ms.exec(read('apps/api/src/database/cli.ts'))!;
    const known = new Set([...commands.matchAll(/^ {2}(?:async )?(\w+)(?:\(|:)/gm)].map(([, name]) => name));
    const texts = [...listed('ops'), 'Dockerfile'].map(read);
    const said = texts.flatMap((text) => [...text.matchAll(/cli\.js[,\]]?\s+(?:command: \[)?([a-z]+)/g)].map(([, name]) => name!));
    expect(new Set(said)).toEqual(new Set(['bootstrap', 'migrate', 'seed', 'backup']));
    expect(said.filter((name) => !known.has(name))).toEqual([]);
  });

  it('runs the version of this checkout', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    expect(new Set(containers.map(({ image }) => image.split(':')[1]))).toEqual(new Set([version]));
  });

  it('gives the server the time that it takes to go, and the database room for all replicas', () => {
    const { drainMs, poolSize } = new Config({ ...settings, ...secrets });
    expect(drainMs).toBeGreaterThan(0);
    expect(apiPod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drainMs / 1000 + 15);
    const { maxUnavailable, maxSurge } = deployment.spec.strategy!.rollingUpdate;
    expect(maxUnavailable).toBe(0);
    const { minReplicas, maxReplicas = 0 } = one('HorizontalPodAutoscaler', 'ncy8-api').spec;
    expect(minReplicas).toBe(2);
    expect((maxReplicas + maxSurge) * poolSize).toBeLessThan(90); // of 100: migration, backup, exporter and people want some
  });

  it('forbids traffic but what is named', () => {
    expect(one('NetworkPolicy', 'default-deny').spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
    const paths = [...read('ops/kubernetes/overlays/example/ingress.yaml').matchAll(/path: (\/[^\s,]*)/g)].map(([, path]) => path);
    expect(paths).toEqual(['/api', '/docs', '/openapi.json']); // neither /metrics nor /health
  });
});

/** What rules and dashboard may ask for besides the API's own. */
const OTHER_METRICS = [
  'up',
  'ncy8:job_interval_seconds', // these two are recorded by alerts.yml
  'ncy8:job_last_success_seconds',
  'pg_up',
  'pg_stat_activity_count',
  'pg_settings_max_connections',
  'pg_stat_database_xact_commit',
  'pg_stat_database_xact_rollback',
  'pg_database_size_bytes',
];

/** Names of samples in what `/metrics` answers. */
const exposed = (text: string): string[] =>
  [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, name, type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name!],
  );

/** The names of metrics in an expression of PromQL. */
function asked(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replaceAll(/\b(by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)/g, '');
  return [...bare.matchAll(/\b[a-z_][\w:]*\b(?!\s*\()/gi)]
    .map(([name]) => name)
    .filter((name) => !['or', 'and', 'unless', 'bool'].includes(name));
}

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: { summary: string };
}

describe('monitoring', () => {
  const folder = 'ops/monitoring';
  const { groups } = parse(read(`${folder}/alerts.yml`)) as { groups: { rules: Rule[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  const alerts = rules.filter(({ alert }) => alert);
  const tests = listed(folder).filter((path) => path.endsWith('.test.yml'));

  it('understands expressions', () => {
    expect(asked('sum by (le) (rate(a_total{b="c d"}[5m])) / on (e) group_left () max(f:g) > 2 or h')).toEqual(['a_total', 'f:g', 'h']);
  });

  it('shows what its data source and its folder are called elsewhere', () => {
    const { datasources } = parse(read(`${folder}/grafana/provisioning/datasources/prometheus.yml`)) as { datasources: { uid: string }[] };
    const used = [...read(`${folder}/grafana/dashboards/ncy8.json`).matchAll(/"uid": "(\w+)"/g)].map(([, uid]) => uid);
    expect(new Set(used)).toEqual(new Set([datasources[0]!.uid, 'ncy8']));
    expect(read('ops/compose/stack.yml')).toContain(
      `dashboards:${/path: (\S+)/.exec(read(`${folder}/grafana/provisioning/dashboards/ncy8.yml`))?.[1]}:ro`,
    );
  });

  it('says how urgent each alert is, and shows each firing and silent', () => {
    for (const { labels, annotations } of alerts) {
      expect(['page', 'ticket']).toContain(labels?.severity);
      expect(annotations?.summary).toMatch(/./);
    }
    const cases = tests.flatMap(
      (path) => (parse(read(path)) as { tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[] }).tests,
    );
    const shown = cases.flatMap(({ alert_rule_test }) => alert_rule_test);
    const named = (isFiring: boolean) =>
      new Set(shown.filter(({ exp_alerts }) => exp_alerts.length > 0 === isFiring).map(({ alertname }) => alertname));
    const names = new Set(alerts.map(({ alert }) => alert));
    expect(named(true)).toEqual(names);
    expect(named(false)).toEqual(names);
  });

  it('has a line in docs/OPERATIONS.md for what to do at each alert', () => {
    const [, table = ''] = /\n### Alerts\n(.*?)\n## /s.exec(read('docs/OPERATIONS.md'))!;
    const told = [...table.matchAll(/^\| `(Ncy8\w+)` +\| +[^ |]/gm)].map(([, name]) => name!);
    expect(told.toSorted()).toEqual(alerts.map(({ alert }) => alert!).toSorted());
  });

  it('has a configuration and rules that Prometheus takes', () => {
    if (isMissing('promtool', 'prometheus')) return;
    expect(execFileSync('promtool', ['check', 'config', join(root, folder, 'prometheus.yml')], { encoding: 'utf8' })).toContain('SUCCESS');
  });

  it('fires when it should, and only then', () => {
    if (isMissing('promtool', 'prometheus')) return;
    const run = spawnSync('promtool', ['test', 'rules', ...tests.map((path) => basename(path))], {
      cwd: join(root, folder),
      encoding: 'utf8',
    });
    expect(`${run.stdout}${run.stderr}`.match(/SUCCESS|FAILED.*/gs)).toEqual(tests.map(() => 'SUCCESS'));
  });
});

describe('beside the running server', () => {
  let server: TestServer;
  let catalogue: Catalogue;

  beforeAll(async () => {
    server = await startTestServer();
    catalogue = await readCatalogue((text) => server.sql(text));
  });
  afterAll(() => server.stop());

  it('rules and dashboard ask only for metrics that there are', async () => {
    const { groups } = parse(read('ops/monitoring/alerts.yml')) as { groups: { rules: Rule[] }[] };
    const { panels } = JSON.parse(read('ops/monitoring/grafana/dashboards/ncy8.json')) as { panels: { targets?: { expr: string }[] }[] };
    const expressions = [...groups.flatMap(({ rules }) => rules), ...panels.flatMap(({ targets = [] }) => targets)].map(({ expr }) => expr);
    const there = new Set([...OTHER_METRICS, ...exposed((await server.app.inject('/metrics')).body)]);
    expect(expressions.length).toBeGreaterThan(40);
    expect(expressions.flatMap(asked).filter((name) => !there.has(name))).toEqual([]);
  });

  it('the alerts know how often each job runs', () => {
    const { groups } = parse(read('ops/monitoring/alerts.yml')) as { groups: { rules: Rule[] }[] };
    const intervals = groups
      .flatMap(({ rules }) => rules)
      .filter(({ record }) => record === 'ncy8:job_interval_seconds')
      .map(({ labels, expr }) => `${labels?.exported_job} ${expr}`);
    const jobs = server.app.get(Jobs, { strict: false }).all;
    expect(intervals.toSorted()).toEqual(jobs.map(({ name, everySeconds }) => `${name} vector(${Math.max(everySeconds, 30)})`));
  });

  // That every key begins with "companyId", and no foreign key leaves the company: test/schema-rules.ts.
  describe('Citus', () => {
    const script = 'ops/citus/distribute.sql';
    const placed = [...read(script).matchAll(/^ {2}\('(\w+)', '(\w+)'\)/gm)].map(([, name, how]) => ({ name: name!, how: how! }));
    const named = (...ways: string[]) => placed.filter(({ how }) => ways.includes(how)).map(({ name }) => name);

    it('finds a place for every table', () => {
      const tenant = catalogue.tables.filter(({ columns }) => columns.some(({ name }) => name === 'companyId')).map(({ name }) => name);
      expect(named('tenant').toSorted()).toEqual(tenant.toSorted());
      expect(named('company', 'reference', 'local').toSorted()).toEqual(Object.keys(GLOBAL_TABLES).toSorted());
      expect(named('company')).toEqual(['companies']);
    });

    it('places what a foreign key points at first, and on every worker', () => {
      const order = new Map(named('reference', 'company', 'tenant').map((name, place) => [name, place]));
      const keys = catalogue.tables.flatMap(({ name, constraints }) =>
        constraints.flatMap(({ references }) => (references && references.table !== name ? [{ from: name, to: references.table }] : [])),
      );
      expect(keys.filter(({ from, to }) => !(order.get(to)! < order.get(from)!))).toEqual([]);
    });

    it('runs, again after an upgrade, and not on a schema that it does not know', async () => {
      if (isMissing('psql', 'postgresql-15')) return;
      await server.database.as('superuser', async (client) => {
        for (const statement of STAND_IN) await client.query(statement);
      });
      const { host, port, username, password, database } = server.database.address('superuser');
      const env = { ...process.env, PGHOST: host, PGPORT: String(port), PGUSER: username, PGPASSWORD: password, PGDATABASE: database };
      const run = () =>
        spawnSync('psql', ['--no-psqlrc', '--quiet', '--file', join(root, script)], {
          env: { ...env, LC_ALL: 'C', PGOPTIONS: '-c search_path=public,stand_in' }, // Debian's psql complains of a locale that is not installed
          encoding: 'utf8',
        });
      const distributed = () => server.sql<{ name: string; key: string | null }>('SELECT name, key FROM stand_in.calls ORDER BY place');

      expect(run()).toMatchObject({ status: 0, stderr: '' });
      const keys = { reference: null, company: 'id', tenant: 'companyId' } as Record<string, string | null>;
      const expected = placed.filter(({ how }) => how !== 'local').map(({ name, how }) => ({ name, key: keys[how] }));
      expect(await distributed()).toEqual(expected);

      await server.sql('CREATE TABLE unheard_of ("companyId" uuid)');
      expect(run()).toMatchObject({ status: 3, stderr: expect.stringContaining('only the database knows: unheard_of') });
      await server.sql('DROP TABLE unheard_of');

      await server.sql(`DELETE FROM stand_in.calls WHERE name = 'tasks'`); // as if it were new
      expect(run()).toMatchObject({ status: 0 });
      expect((await distributed()).filter(({ name }) => name === 'tasks')).toEqual([{ name: 'tasks', key: 'companyId' }]);
      expect(await distributed()).toHaveLength(expected.length);
    });
  });
});

/** What the script asks of Citus, which is not here. */
const STAND_IN = [
  'CREATE SCHEMA stand_in',
  'CREATE TABLE stand_in.calls (place serial, name text PRIMARY KEY, key text)',
  'CREATE VIEW stand_in.pg_dist_partition AS SELECT name::regclass AS logicalrel FROM stand_in.calls',
  `CREATE FUNCTION stand_in.create_reference_table(t regclass) RETURNS void LANGUAGE sql AS 'INSERT INTO stand_in.calls (name) VALUES (t::text)'`,
  `CREATE FUNCTION stand_in.create_distributed_table(t regclass, key text, kind text DEFAULT 'hash', colocate_with text DEFAULT 'default') RETURNS void
     LANGUAGE plpgsql AS $$ BEGIN
       IF colocate_with NOT IN ('none') AND NOT EXISTS (SELECT FROM stand_in.calls c WHERE c.name = colocate_with) THEN
         RAISE EXCEPTION '% is not distributed', colocate_with;
       END IF;
       INSERT INTO stand_in.calls (name, key) VALUES (t::text, create_distributed_table.key);
     END $$`,
];
