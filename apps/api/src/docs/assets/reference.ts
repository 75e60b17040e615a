import { Client, ProblemError } from '../../../../../packages/client/src/index.js';
import type { TokenStore, Tokens } from '../../../../../packages/client/src/index.js';
import { announce, find } from './page.js';
import { filterOperations, permissionBadges, shortRefusals } from './swagger-plugins.js';

interface SwaggerUi {
  preauthorizeApiKey(scheme: string, token: string): void;
  authActions: { logout(schemes: string[]): void };
}

interface SwaggerRequest {
  url: string;
  headers: Record<string, string>;
}

declare function SwaggerUIBundle(options: object): SwaggerUi;

let tokens: Tokens | undefined;
let client: Client | undefined;

/** What the client keeps, the reference's own requests carry too. In memory: closing the tab signs out. */
const store: TokenStore = {
  load: () => tokens,
  save: (kept) => {
    tokens = kept;
    if (kept) ui.preauthorizeApiKey('bearer', kept.accessToken);
    else ui.authActions.logout(['bearer']);
  },
};

interface Document {
  paths: Record<string, Record<string, { parameters?: { schema?: { example?: unknown } }[] }>>;
}

/** Swagger UI fills a form with examples: filters that find nothing, a key that was used, a version that is another. They stay in openapi.json. */
async function withoutExamplesOfParameters(): Promise<Document> {
  const document = (await (await fetch('/openapi.json')).json()) as Document;
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  for (const { schema } of operations.flatMap(({ parameters = [] }) => parameters)) delete schema?.example;
  return document;
}

const ui = SwaggerUIBundle({
  spec: await withoutExamplesOfParameters(),
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  filter: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: -1,
  validatorUrl: null,
  plugins: [permissionBadges, shortRefusals, filterOperations],
  requestInterceptor: async (request: SwaggerRequest) => {
    const isOurs = request.url.startsWith(`${location.origin}/api/`) || request.url.startsWith('/api/');
    const token = isOurs && tokens && request.headers.Authorization ? await client?.accessToken() : undefined;
    if (token) request.headers.Authorization = `Bearer ${token}`;
    return request;
  },
});

const matches = matchMedia('(prefers-color-scheme: dark)');
const paint = (): void => void document.documentElement.classList.toggle('dark-mode', matches.matches);
matches.addEventListener('change', paint);
paint();

const value = (id: string): string => find(HTMLInputElement, `#${id}`).value.trim();

async function signIn(): Promise<void> {
  const companyId = find(HTMLSelectElement, '#company').value;
  const password = find(HTMLInputElement, '#password').value;
  client = new Client({ store, onSignedOut: () => show(undefined, 'The session has ended: sign in again.') });
  await client.signIn({ email: value('email'), password, ...(companyId ? { companyId } : {}) });
}

async function useKey(): Promise<void> {
  client = new Client({ apiKey: value('api-key') });
  await client.get('/api/v1/me');
  ui.preauthorizeApiKey('bearer', value('api-key'));
}

async function signOut(): Promise<void> {
  if (tokens) await client?.signOut();
  else ui.authActions.logout(['bearer']);
  client = undefined;
  show(undefined, 'Signed out.');
}

/** @param who undefined: nobody is signed in */
function show(who: string | undefined, text: string): void {
  find(HTMLElement, '#sign-in').hidden = who !== undefined;
  find(HTMLElement, '#signed-in').hidden = who === undefined;
  find(HTMLElement, '#who').textContent = who ?? '';
  announce(text);
}

/** The same e-mail and password fit in several: let the person choose. */
function offerCompanies(companies: { id: string; name: string }[]): void {
  const select = find(HTMLSelectElement, '#company');
  select.replaceChildren(...companies.map(({ id, name }) => new Option(name, id)));
  find(HTMLElement, '#company-field').hidden = false;
  select.focus();
}

async function enter(way: () => Promise<void>): Promise<void> {
  announce('Signing in …');
  try {
    await way();
    const me = await client!.get('/api/v1/me');
    show(`${me.firstName} ${me.lastName}, ${me.role.name} at ${me.company.name}`, 'Signed in: requests below are sent as you.');
  } catch (error) {
    const isProblem = error instanceof ProblemError;
    if (isProblem && error.code === 'company_required') offerCompanies(error.problem.companies as { id: string; name: string }[]);
    announce(isProblem ? error.detail : `That did not work: ${String(error)}`);
  }
}

function onSubmit(form: string, way: () => Promise<void>): void {
  find(HTMLElement, form).addEventListener('submit', (event) => {
    event.preventDefault();
    void enter(way);
  });
}

onSubmit('#with-password', signIn);
onSubmit('#with-key', useKey);
find(HTMLElement, '#sign-out').addEventListener('click', () => void signOut());
