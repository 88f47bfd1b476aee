import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type PostgresBinaries, postgresBinaries } from './binaries.ts'
import { type ServerAccount, serverAccount } from './server-account.ts'

const run = promisify(execFile)

/** A Postgres data directory and what is needed to serve it. */
export type Cluster = { data: string; password: string; account: ServerAccount; binaries: PostgresBinaries }

export const superuser = 'hive'

/**
 * Opens the cluster under `dir`, creating it first if there is none. A new one appears under its name only when it is
 * whole, so a crash or a second start in the middle never leaves half of one.
 */
export async function openCluster(dir: string, options: { durable: boolean }): Promise<Cluster> {
  const binaries = await postgresBinaries()
  const home = join(dir, 'cluster')
  // passable, so that the server's account reaches its data when root starts this; what is inside is closed
  await mkdir(dir, { recursive: true, mode: 0o711 })
  if (!(await stat(home).catch(() => undefined))) await createCluster(dir, home, binaries, options)
  const { uid, gid } = await stat(join(home, 'data'))
  const account = await serverAccount(binaries.postgres, dir, uid === 0 ? undefined : { uid, gid })
  // a copy made by root belongs to root
  if (uid === 0 && account.owner) await giveTo(account.owner, home)
  const password = await readFile(join(home, 'password'), 'utf8')
  return { data: join(home, 'data'), password, account, binaries }
}

async function giveTo(owner: { uid: number; gid: number }, path: string): Promise<void> {
  await chown(path, owner.uid, owner.gid)
  const inside = await readdir(path, { recursive: true })
  await Promise.all(inside.map((name) => chown(join(path, name), owner.uid, owner.gid)))
}

async function createCluster(
  dir: string,
  home: string,
  binaries: PostgresBinaries,
  options: { durable: boolean },
): Promise<void> {
  const draft = join(dir, `cluster-${randomBytes(6).toString('hex')}`)
  const data = join(draft, 'data')
  const passwordFile = join(draft, 'password')
  await mkdir(data, { recursive: true, mode: 0o700 })
  await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 })
  const account = await serverAccount(binaries.postgres, dir)
  if (account.owner) await giveTo(account.owner, draft)
  const {
    program,
    args,
    options: identity,
  } = account.command(binaries.initdb, [
    `--pgdata=${data}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    // the server listens on loopback only; SCRAM would cost every connection some milliseconds of hashing
    '--auth=password',
    // the locale that Neon has, and that no operating system changes
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-instructions',
    ...(options.durable ? [] : ['--no-sync']),
  ])
  try {
    await run(program, args, { ...identity, cwd: '/', env: { ...process.env, LC_ALL: 'C' } })
    await rename(draft, home)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    // another start was faster
    if (await stat(home).catch(() => undefined)) return
    throw new Error(`Postgres could not create its data in ${home}: ${(error as { stderr?: string }).stderr ?? error}`)
  }
}
