import { execFile, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** How to start a program as the account that Postgres runs under; Postgres refuses to run as root. */
export type ServerAccount = {
  /** Owner of the data; absent when it is simply the user who started us. */
  owner?: { uid: number; gid: number }
  command(program: string, args: string[]): { program: string; args: string[]; options: { uid?: number; gid?: number } }
}

/**
 * The account for the data in `directory`: the user who runs this, or for root the account `postgres`, else `nobody`.
 * Root's own folders are often closed to others (`/root`, `.hive` with 0700). Then the server is given the one
 * capability that lets it walk through them, by `setpriv`. Throws one Error that says what to do where neither works.
 */
export async function serverAccount(
  program: string,
  directory: string,
  owner?: { uid: number; gid: number },
): Promise<ServerAccount> {
  if (process.getuid?.() !== 0) return { command: (name, args) => ({ program: name, args, options: {} }) }

  const account = owner ?? (await accountOf('postgres')) ?? (await accountOf('nobody'))
  if (!account) throw new Error('Postgres does not run as root, and there is no account `postgres` or `nobody`')

  const plain: ServerAccount = {
    owner: account,
    command: (name, args) => ({ program: name, args, options: account }),
  }
  if (reaches(plain, program, directory)) return plain
  for (const capability of ['dac_read_search', 'dac_override']) {
    const identity = [`--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups']
    const grant = [`--inh-caps=+${capability}`, `--ambient-caps=+${capability}`]
    const capable: ServerAccount = {
      owner: account,
      command: (name, args) => ({ program: 'setpriv', args: [...identity, ...grant, name, ...args], options: {} }),
    }
    if (reaches(capable, program, directory)) return capable
  }
  throw new Error(
    `Postgres does not run as root, and its account (uid ${account.uid}) cannot reach ${directory} or ${program}: ` +
      'make their parent folders passable (chmod o+x), install `setpriv`, or run as an ordinary user',
  )
}

function reaches(account: ServerAccount, program: string, directory: string): boolean {
  const attempts: [string, string[]][] = [
    [program, ['--version']],
    ['/bin/sh', ['-c', 'cd "$0"', directory]],
  ]
  return attempts.every(([name, args]) => {
    const command = account.command(name, args)
    return spawnSync(command.program, command.args, { ...command.options, stdio: 'ignore' }).status === 0
  })
}

async function accountOf(name: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return undefined
  }
}
