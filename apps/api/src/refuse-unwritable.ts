import { access, constants, mkdir } from 'node:fs/promises';
import { ConfigError, mailFolder } from '#core';
import type { Config } from '#core';
import { ledgerFile, makeLedger } from '#gdpr';

/** @throws ConfigError when what the server has to write, the ledger of erasures and mails without SMTP_URL, would be lost */
export async function refuseUnwritable(config: Pick<Config, 'dataDir' | 'backupDir' | 'smtpUrl'>): Promise<void> {
  const faults = await Promise.all([
    faultOf('BACKUP_DIR', config.backupDir, makeLedger(ledgerFile(config))),
    config.smtpUrl ? undefined : faultOf('DATA_DIR', config.dataDir, makeFolder(mailFolder(config))),
  ]);
  const lines = faults.filter((fault) => fault !== undefined);
  if (lines.length > 0) throw new ConfigError(lines);
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await access(folder, constants.W_OK);
}

async function faultOf(variable: string, folder: string, trying: Promise<void>): Promise<string | undefined> {
  try {
    await trying;
    return undefined;
  } catch (error) {
    return `${variable} "${folder}" cannot be written (${(error as Error).message}): set a folder of this user`;
  }
}
