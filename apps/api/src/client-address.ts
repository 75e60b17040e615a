import { BlockList, isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

const WITH_PORT = /^(?:\[([^\]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/;
const IPV4_IN_IPV6 = /^::ffff:(?=\d+\.)/i;

/** Which proxies' `X-Forwarded-For` is believed. @param trusted addresses and ranges (`10.0.0.0/8`) */
export function trusting(trusted: string[]): (address: string) => boolean {
  const proxies = new BlockList();
  for (const proxy of trusted) {
    const [address = '', bits] = proxy.split('/');
    if (bits === undefined) proxies.addAddress(address, familyOf(address));
    else proxies.addSubnet(address, Number(bits), familyOf(address));
  }
  return (text) => {
    const address = plainAddress(text);
    return address !== null && proxies.check(address, familyOf(address));
  };
}

/**
 * Where a request comes from: the farthest address that trusted proxies tell. A text that is none (`unknown`) is passed over: the proxy that
 * wrote it stands for whom it does not name.
 * @returns null only where there is no address at all
 */
export function addressOf(request: FastifyRequest): string | null {
  const hops = request.ips ?? [request.ip];
  for (let hop = hops.length - 1; hop >= 0; hop--) {
    const address = plainAddress(hops[hop]);
    if (address !== null) return address;
  }
  return null;
}

/** Without the port that some proxies add (Azure, AWS), without zone; IPv4 as IPv4. @param text undefined once the connection is gone */
function plainAddress(text: string | undefined): string | null {
  if (text === undefined) return null;
  const [, v6, v4] = WITH_PORT.exec(text) ?? [];
  const [address = ''] = (v6 ?? v4 ?? text).replace(IPV4_IN_IPV6, '').split('%', 1);
  return isIP(address) ? address : null;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');
