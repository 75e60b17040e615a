import http from 'node:http';

/** `count` requests over `connections` kept-alive connections. @returns milliseconds of each, sorted */
export async function load({ port, path, headers = {} }, count, connections = 8) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const times = [];
  let left = count;
  const one = () =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      http
        .get({ agent, host: '127.0.0.1', port, path, headers }, (response) => {
          response.resume();
          response.once('end', () => {
            times.push(performance.now() - began);
            if (response.statusCode === 200) resolve();
            else reject(new Error(`${path} answered ${response.statusCode}`));
          });
        })
        .once('error', reject);
    });
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (left-- > 0) await one();
    }),
  );
  agent.destroy();
  return times.toSorted((a, b) => a - b);
}
