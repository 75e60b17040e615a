import type { CompanyPlaces } from '#core';
import { Passwords } from '#identity';
import type { Answer } from './answer.js';
import type { TestServer } from './server.js';
import { until } from './until.js';

/** While the company has no place left to hash a new password: until all of these wait for one, and then go on. @returns what they are answered */
export async function behindNewPasswords(server: TestServer, companyId: string, requests: (() => Promise<Answer>)[]): Promise<Answer[]> {
  const places = Reflect.get(server.app.get(Passwords), 'places') as CompanyPlaces;
  const companies = Reflect.get(places, 'companies') as Map<string, { waiting: Set<unknown> }>;
  let taken = 0;
  let last: Promise<void> | undefined;
  while (!(last = places.take(companyId))) taken++;
  void last.then(() => places.giveBack(companyId));
  const answers = requests.map((request) => request());
  await until(() => companies.get(companyId)!.waiting.size > requests.length, 'too few wait for a place');
  for (let place = 0; place < taken; place++) places.giveBack(companyId);
  return Promise.all(answers);
}
