interface ProblemDocument {
  title: string;
  code: string;
}

export interface Answer<T> {
  status: number;
  body: T;
  etag: string | null;
}

/** A refusal that the demo did not ask for. */
export class Refused extends Error {}

/** Real requests to a running server, each printed as one line. */
export class Client {
  constructor(
    private readonly base: string,
    private readonly name: string,
    private readonly token?: string,
  ) {}

  as(name: string, token: string): Client {
    return new Client(this.base, name, token);
  }

  get<T>(path: string): Promise<Answer<T>> {
    return this.send<T>('GET', path);
  }

  post<T>(path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer<T>> {
    return this.send<T>('POST', path, body, headers);
  }

  patch<T>(path: string, body: object): Promise<Answer<T>> {
    return this.send<T>('PATCH', path, body);
  }

  put<T>(path: string, body: object): Promise<Answer<T>> {
    return this.send<T>('PUT', path, body);
  }

  /** A request that the server is expected to refuse. */
  async refused(method: string, path: string, body?: object): Promise<void> {
    const answer = await this.request<ProblemDocument>(method, path, body);
    if (answer.status < 400) throw new Refused(`${method} ${path} should have been refused, and answered ${answer.status}`);
    this.print(method, path, `${answer.status} ${answer.body.code}`);
  }

  private async send<T>(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer<T>> {
    const answer = await this.request<T>(method, path, body, headers);
    this.print(method, path, String(answer.status));
    if (answer.status >= 400) throw new Refused(`${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer;
  }

  private async request<T>(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer<T>> {
    const response = await fetch(`${this.base}/api/v1${path}`, {
      method,
      headers: {
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(this.token ? { authorization: `Bearer ${this.token}` } : {}),
        ...headers,
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await response.text();
    return { status: response.status, body: (text ? JSON.parse(text) : undefined) as T, etag: response.headers.get('etag') };
  }

  private print(method: string, path: string, outcome: string): void {
    console.log(`  ${this.name.padEnd(8)} ${method.padEnd(5)} ${path.replace(/[\da-f]{8}-[\da-f-]{27}/g, '{id}').padEnd(44)} ${outcome}`);
  }
}
