import { isTokenRefused, ProblemError, SignedOut } from './problem.js';
import { address, attemptSignal, isKept, provesItself, repeats, request } from './request.js';
import { broken, withRetries } from './retry.js';
import type { RetryOptions } from './retry.js';
import type { LoginBody, Routes, TokensView } from './schema.js';
import { memoryStore, Session } from './session.js';
import type { NewTokens, TokenStore } from './session.js';
import type { AnswerOf, Arguments, Call, ItemOf, ListPath, Method } from './types.js';

export interface ClientOptions extends RetryOptions {
  /** Where the server is, such as `https://time.example.com`; in a browser the page's own origin by default. */
  baseUrl?: string;
  /** A program's key (`ncy8_...`), instead of signing in. */
  apiKey?: string;
  store?: TokenStore;
  /** Called once when a session has ended by itself. */
  onSignedOut?: () => void;
  fetch?: (url: string, init: RequestInit) => Promise<Response>;
}

/** The API with its types, a session that renews itself, and calls that are repeated where that is safe. */
export class Client {
  readonly #session: Session;

  constructor(private readonly options: ClientOptions = {}) {
    this.#session = new Session(
      options.store ?? memoryStore(),
      (refreshToken) => this.post('/api/v1/auth/refresh', { body: { refreshToken } }),
      options.onSignedOut,
    );
  }

  /** @throws {ProblemError} `invalid_credentials`; `company_required` where the password fits in several companies */
  async signIn(credentials: LoginBody): Promise<TokensView> {
    const tokens = await this.post('/api/v1/auth/login', { body: credentials });
    await this.adopt(tokens);
    return tokens;
  }

  /** Goes on with tokens that came another way: from signing up, accepting an invitation, or a store. */
  adopt(tokens: NewTokens): Promise<void> {
    return this.#session.set(tokens);
  }

  /** For what is not sent by the client itself; renewed when it is about to expire. Undefined while nobody is signed in. */
  async accessToken(): Promise<string | undefined> {
    return this.options.apiKey ?? (await this.#session.accessToken());
  }

  /** Ends the session here and on the server. */
  async signOut(): Promise<void> {
    try {
      await this.post('/api/v1/auth/logout');
    } catch (error) {
      if (!(error instanceof SignedOut || isTokenRefused(error))) throw error;
    } finally {
      await this.#session.set(undefined);
    }
  }

  get<Path extends keyof Routes['get']>(path: Path, ...[options]: Arguments<Routes['get'][Path]>): Promise<AnswerOf<Routes['get'][Path]>> {
    return this.#json('get', path, options);
  }

  post<Path extends keyof Routes['post']>(
    path: Path,
    ...[options]: Arguments<Routes['post'][Path]>
  ): Promise<AnswerOf<Routes['post'][Path]>> {
    return this.#json('post', path, options);
  }

  put<Path extends keyof Routes['put']>(path: Path, ...[options]: Arguments<Routes['put'][Path]>): Promise<AnswerOf<Routes['put'][Path]>> {
    return this.#json('put', path, options);
  }

  patch<Path extends keyof Routes['patch']>(
    path: Path,
    ...[options]: Arguments<Routes['patch'][Path]>
  ): Promise<AnswerOf<Routes['patch'][Path]>> {
    return this.#json('patch', path, options);
  }

  delete<Path extends keyof Routes['delete']>(
    path: Path,
    ...[options]: Arguments<Routes['delete'][Path]>
  ): Promise<AnswerOf<Routes['delete'][Path]>> {
    return this.#json('delete', path, options);
  }

  /** Every item of a list, page by page; a page is asked for when it is needed. */
  async *pages<Path extends ListPath>(
    path: Path,
    ...[options]: Arguments<Routes['get'][Path]>
  ): AsyncGenerator<ItemOf<Routes['get'][Path]>, void> {
    const call: Call = options ?? {};
    for (let cursor: string | null | undefined = call.query?.cursor as string | undefined; cursor !== null;) {
      const query: Call['query'] = { ...call.query, cursor };
      const page: { items: ItemOf<Routes['get'][Path]>[]; nextCursor: string | null } = await this.#json('get', path, { ...call, query });
      yield* page.items;
      cursor = page.nextCursor;
    }
  }

  /** The answer as it comes, for what is not JSON: a CSV, a ZIP. @throws {ProblemError} when the server refuses */
  fetch<M extends Method, Path extends keyof Routes[M] & string>(
    method: M,
    path: Path,
    ...[options]: Arguments<Routes[M][Path]>
  ): Promise<Response> {
    return this.#send(method, path, options ?? {}, (response) => Promise.resolve(response));
  }

  #json<T>(method: Method, path: string, options: Call = {}): Promise<T> {
    return this.#send(method, path, options, async (response) => {
      const text = await response.text();
      return (text === '' ? undefined : JSON.parse(text)) as T;
    });
  }

  async #send<T>(method: Method, template: string, call: Call, read: (response: Response) => Promise<T>): Promise<T> {
    const { apiKey, baseUrl = '', fetch: send = fetch } = this.options;
    const url = `${baseUrl.replace(/\/$/, '')}${address(template, call)}`;
    // The same over all attempts: that is what makes them one request.
    const key = isKept(method, template) ? (call.idempotencyKey ?? crypto.randomUUID()) : undefined;
    const attempt = async (afterSilence: boolean, mayRenew = true): Promise<T> => {
      const token = apiKey ?? (provesItself(template) ? undefined : await this.#session.accessToken());
      const sent = request(method, { ...call, signal: attemptSignal(template, call) }, token, key);
      const response = await send(url, sent).catch(broken(call.signal));
      if (response.ok) return read(response).catch(broken(call.signal));
      const problem = await ProblemError.of(response).catch(broken(call.signal));
      if (problem.code === 'not_signed_in' && token && !apiKey && mayRenew) {
        await this.#session.renew(token);
        return attempt(afterSilence, false);
      }
      if (method === 'delete' && problem.code === 'not_found' && afterSilence) return undefined as T; // the attempt before did it
      throw problem;
    };
    return withRetries(attempt, repeats(method, template, call), this.options, call.signal);
  }
}
