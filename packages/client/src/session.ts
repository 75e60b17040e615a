import { isTokenRefused, SignedOut } from './problem.js';
import type { TokensView } from './schema.js';

/** What of the tokens must be kept to go on later. */
export interface Tokens extends Pick<TokensView, 'accessToken' | 'refreshToken' | 'expiresIn'> {
  /** When the access token ends: ms since 1970 by this machine's clock, which may differ from the server's. */
  expiresAt: number;
}

/** As the server gives them, or as a store kept them. */
export type NewTokens = Omit<Tokens, 'expiresAt'> & Partial<Tokens>;

/** Where the tokens live; in memory by default. */
export interface TokenStore {
  load(): Tokens | undefined | Promise<Tokens | undefined>;
  /** Called with nothing when the session has ended. */
  save(tokens: Tokens | undefined): void | Promise<void>;
}

export function memoryStore(): TokenStore {
  let kept: Tokens | undefined;
  return { load: () => kept, save: (tokens) => void (kept = tokens) };
}

/**
 * When a renewal before its time is tried again after one that failed; meanwhile no call waits for it. The server may have renewed, and answers
 * a refresh token that it has replaced for 10 s only: later it takes it for stolen.
 */
const AGAIN_MS = 3_000;

/** The tokens of one signed-in person, renewed once for all calls that need it. */
export class Session {
  #renewal: Promise<void> | undefined;
  #againAt = 0;

  /** @param refresh asks the server for the successors of a refresh token */
  constructor(
    private readonly store: TokenStore,
    private readonly refresh: (refreshToken: string) => Promise<NewTokens>,
    private readonly onSignedOut: () => void = () => undefined,
  ) {}

  /** One that still lasts a while. @throws {SignedOut} when the session has ended */
  async accessToken(): Promise<string | undefined> {
    const tokens = await this.store.load();
    if (!tokens) return undefined;
    const { accessToken, expiresIn, expiresAt } = tokens;
    const isGood = (): boolean => Date.now() < expiresAt;
    const dueAt = expiresAt - expiresIn * 200; // its last fifth begins
    if (isGood() && Date.now() < Math.max(dueAt, this.#againAt)) return accessToken;
    try {
      await this.renew(accessToken);
    } catch (error) {
      if (error instanceof SignedOut || !isGood()) throw error;
      this.#againAt = Date.now() + AGAIN_MS;
    }
    return (await this.store.load())?.accessToken;
  }

  async set(tokens: NewTokens | undefined): Promise<void> {
    if (!tokens) return this.store.save(undefined);
    const { accessToken, refreshToken, expiresIn, expiresAt = Date.now() + expiresIn * 1000 } = tokens;
    await this.store.save({ accessToken, refreshToken, expiresIn, expiresAt });
  }

  /**
   * Makes sure that the tokens are newer than the access token that was refused.
   * @throws {SignedOut} for every caller that waits, when the session has ended
   */
  async renew(refused: string): Promise<void> {
    const tokens = await this.store.load();
    if (!tokens) throw new SignedOut('signed out');
    if (tokens.accessToken !== refused) return; // somebody was faster: another call, another tab
    this.#renewal ??= this.#replace(tokens).finally(() => (this.#renewal = undefined));
    await this.#renewal;
  }

  async #replace(tokens: Tokens): Promise<void> {
    const isStill = async () => (await this.store.load())?.refreshToken === tokens.refreshToken; // not signed in anew meanwhile
    try {
      const successors = await this.refresh(tokens.refreshToken);
      if (await isStill()) await this.set(successors);
    } catch (error) {
      if (!isTokenRefused(error)) throw error; // away, not ended: the tokens stay
      if (await isStill()) {
        await this.set(undefined);
        this.onSignedOut();
      }
      throw new SignedOut(error.detail, { cause: error });
    }
  }
}
