import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { until } from './until.js';

/** A mail as its reader sees it. */
export interface Received {
  to: string[];
  headers: Record<string, string>;
  text: string;
  html: string;
  /** Of its link; empty where it has none. */
  token: string;
}

/** A real SMTP server on the loopback that keeps what it gets. */
export class Mailbox {
  readonly mails: Received[] = [];
  /** What it does instead of taking a mail, by the recipient's address; an answer such as 550 or `554 5.7.1 No` refuses it, `no content` refuses what is in it, `hang up` ends the connection. */
  readonly misbehaviour = new Map<string, number | string>();
  private server?: SMTPServer;
  private readonly connections = new Set<Socket>();
  private port = 0;

  static async open(): Promise<Mailbox> {
    const mailbox = new Mailbox();
    await mailbox.start();
    return mailbox;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  /** On the same port as before. */
  async start(): Promise<void> {
    const server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      disableReverseLookup: true,
      logger: false,
      onRcptTo: ({ address }, _session, done) => {
        const [, code, text = `<${address}> is not taken`] = /^(\d{3}) ?(.+)?/.exec(`${this.misbehaviour.get(address)}`) ?? [];
        if (code) done(Object.assign(new Error(text), { responseCode: Number(code) }));
        else done();
      },
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => {
          const to = session.envelope.rcptTo.map(({ address }) => address);
          this.mails.push(parse(Buffer.concat(chunks).toString(), to));
          const does = (what: string) => to.some((address) => this.misbehaviour.get(address) === what);
          if (does('hang up')) this.hangUp();
          else if (does('no content')) done(Object.assign(new Error('No'), { responseCode: 554 }));
          else done();
        });
      },
    });
    server.on('error', () => undefined); // connections that were cut off
    server.server.on('connection', (socket) => {
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    });
    server.listen(this.port, '127.0.0.1');
    await once(server.server, 'listening');
    this.port = (server.server.address() as AddressInfo).port;
    this.server = server;
  }

  /** Nothing listens there any more. */
  async stop(): Promise<void> {
    const { server } = this;
    this.server = undefined;
    this.hangUp();
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** Waits for the n-th mail to an address. */
  async to(address: string, count = 1): Promise<Received> {
    const found = () => this.mails.filter((mail) => mail.to.includes(address));
    await until(() => found().length >= count, `no mail number ${count} to ${address}`);
    return found()[count - 1]!;
  }

  /** How many an address has. A sender that is idle has sent all that it had. */
  count(address: string): number {
    return this.mails.filter((mail) => mail.to.includes(address)).length;
  }

  private hangUp(): void {
    for (const connection of this.connections) connection.destroy();
  }
}

/** As far as our own mails go: one text, one HTML part. */
export function parse(raw: string, to: string[]): Received {
  const [head = '', body = ''] = split(raw);
  const headers = headersOf(head);
  const boundary = /boundary="([^"]+)"/.exec(headers['content-type'] ?? '')?.[1];
  const parts = boundary ? body.split(`--${boundary}`).slice(1, -1) : [];
  const part = (type: string) => parts.map(contentOf).find((content) => content.type.startsWith(type))?.content ?? '';
  const text = part('text/plain');
  return { to, headers, text, html: part('text/html'), token: /[?&]token=([\w-]+)/.exec(text)?.[1] ?? '' };
}

function contentOf(part: string): { type: string; content: string } {
  const [head = '', body = ''] = split(part.replace(/^\r?\n/, ''));
  const headers = headersOf(head);
  const isQuoted = headers['content-transfer-encoding'] === 'quoted-printable';
  return { type: headers['content-type'] ?? '', content: isQuoted ? unquote(body) : body };
}

const split = (text: string): string[] => {
  const end = text.search(/\r?\n\r?\n/);
  return [text.slice(0, end), text.slice(end).replace(/^\r?\n\r?\n/, '')];
};

const headersOf = (head: string): Record<string, string> =>
  Object.fromEntries(
    head
      .replace(/\r?\n[ \t]+/g, ' ')
      .split(/\r?\n/)
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );

const unquote = (text: string): string =>
  Buffer.from(
    text.replace(/=\r?\n/g, '').replace(/=([\dA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    'latin1',
  ).toString();
