import { createHash } from 'node:crypto'

const shebang = /^#!lua(?:[ \t]+([^\n]*))?(?:\n|$)/
const keyLocking = 'allow-key-locking'

/**
 * The Lua that really runs for a script: the same, with two additions. It answers `{counts, result}`, `counts` being
 * a list of command name and number of calls; a nil result is left out, so that the list then has one element. And a
 * script that declares `allow-key-locking` may touch only the keys of KEYS, in Upstash's words for the fault.
 *
 * Stock Redis does not know that flag, so it is taken off the first line (other flags stay). Everything added is on
 * the line of the script's first statement, so line numbers in errors are those of the script. An error in the script
 * is answered as its result, in the form that Redis 7 gives it, with the SHA of the original; its line is `?` when the
 * script's outermost statement was `return redis.call(…)`, which leaves no trace in Lua.
 */
export function instrumentScript(script: string): string {
  const sha = createHash('sha1').update(script).digest('hex')
  const header = shebang.exec(script)
  const options = header?.[1]?.trim() ?? ''
  const flags = /(?:^|\s)flags=(\S*)/.exec(options)?.[1]?.split(',') ?? []
  const locksKeys = flags.includes(keyLocking)
  const body = header === null ? script : script.slice(header[0].length)
  const kept = flags.filter((flag) => flag !== keyLocking && flag !== '')
  let firstLine = ''
  if (header !== null) firstLine = `${locksKeys ? keepFlags(kept) : header[0].trimEnd()}\n`
  return `${firstLine}${prologue(sha, script, locksKeys)} local function hive_body() ${body}\nend return hive_end(hive_body)`
}

function keepFlags(flags: string[]): string {
  return flags.length > 0 ? `#!lua flags=${flags.join(',')}` : `-- #!lua flags=${keyLocking}`
}

// Where a command has its keys. Everything that is not listed has one key, its first argument.
const keyPositions = {
  none: 'TIME PING ECHO PUBLISH SPUBLISH PUBSUB INFO LASTSAVE COMMAND ACL LOLWUT SCRIPT',
  all: 'MGET DEL UNLINK EXISTS TOUCH SUNION SINTER SDIFF SUNIONSTORE SINTERSTORE SDIFFSTORE PFCOUNT PFMERGE WATCH',
  firstTwo: 'RENAME RENAMENX COPY SMOVE LMOVE RPOPLPUSH ZRANGESTORE GEOSEARCHSTORE LCS',
  everySecond: 'MSET MSETNX',
  second: 'OBJECT XINFO XGROUP MEMORY DEBUG',
  fromSecond: 'BITOP',
  counted: 'SINTERCARD ZUNION ZINTER ZDIFF ZINTERCARD LMPOP ZMPOP',
  storeCounted: 'ZUNIONSTORE ZINTERSTORE ZDIFFSTORE',
  streams: 'XREAD XREADGROUP',
  sort: 'SORT SORT_RO GEORADIUS GEORADIUSBYMEMBER',
  wholeDatabase: 'FLUSHDB FLUSHALL SWAPDB KEYS SCAN RANDOMKEY DBSIZE MOVE MIGRATE SELECT FUNCTION',
}

const positionTable = Object.entries(keyPositions)
  .flatMap(([kind, names]) => names.split(' ').map((name) => `${name}=${kind}`))
  .join(',')

const otherPositions = new Set(
  Object.entries(keyPositions).flatMap(([kind, names]) => (kind === 'none' ? [] : names.split(' '))),
)
const keyless = new Set(keyPositions.none.split(' '))

/**
 * The commands that a script names and that have one key or none, as a Lua table: 1 or 0. They are checked in place; what
 * is needed for others takes as long to build as a short script takes to run, and so is built by whoever needs it.
 */
function plainCommands(script: string): string {
  const named = new Set(Array.from(script.matchAll(/call\(\s*(['"])([A-Z]+)\1/g), ([, , name]) => name ?? ''))
  const plain = [...named].filter((name) => !otherPositions.has(name))
  return `{${plain.map((name) => `${name}=${keyless.has(name) ? 0 : 1}`).join(',')}}`
}

// Gives the function that finds the first key of a command that is not in D, the set of declared keys.
const keyChecks = `
local function has(k) return k==nil or D[k] or D[tostring(k)] end
local function first(c,k) if not has(k) then return k end end
local function none() end
local function all(c,...) for i=1,select('#',...) do local k=select(i,...) if not has(k) then return k end end end
local function firstTwo(c,a,b) if not has(a) then return a end if not has(b) then return b end end
local function everySecond(c,...) for i=1,select('#',...),2 do local k=select(i,...) if not has(k) then return k end end end
local function second(c,s,k) if not has(k) then return k end end
local function fromSecond(c,s,...) return all(c,...) end
local function counted(c,n,...) local t={...} for i=1,tonumber(n) or 0 do if not has(t[i]) then return t[i] end end end
local function storeCounted(c,d,n,...) if not has(d) then return d end return counted(c,n,...) end
local function streams(c,...)
  local t={...} local s for i=1,#t do if upper(t[i])=='STREAMS' then s=i break end end
  if s then for i=s+1,s+(#t-s)/2 do if not has(t[i]) then return t[i] end end end
end
local function sort(c,k,...)
  if not has(k) then return k end
  local t={...} for i=1,#t-1 do local w=upper(t[i])
    if (w=='STORE' or w=='STOREDIST') and not has(t[i+1]) then return t[i+1] end end
end
local function wholeDatabase(c) return '(all keys, by '..c..')' end
local P={${positionTable}}
return function(c,...)
  local p=P[c]
  if p==nil then p=P[upper(c)] or first P[c]=p end
  local k=p(c,...)
  if k~=nil then
    return "ERR Dynamic keys are not allowed in Lua scripts when 'allow-key-locking' flag is set. Key was: "..tostring(k)
  end
end`

// F names the commands that are checked in place.
const declaredOnly = (script: string) => `
local F,D,check=${plainCommands(script)},{},nil
for i=1,#KEYS do D[KEYS[i]]=true end
local function checks() ${keyChecks} end
local function undeclared(...)
  check=check or checks()
  return check(...)
end`
const anyKey = 'local F,D,undeclared=setmetatable({},{__index=function() return 0 end}),{},nil'

// N counts calls by command. I is true while a call of ours is running: the script's frame is then two further out.
// The outermost frame with a line is ours too. A script's `return redis.call(…)` leaves no frame of its own, so that
// there may be no line to tell.
const wrapper = (sha: string, check: string) => `local redis,hive_end=(function(R,KEYS)
local C,PC,error,pcall,upper,tostring,tonumber,select=R.call,R.pcall,error,pcall,string.upper,tostring,tonumber,select
local N,I={},false
${check}
local function call(c,...)
  if c==nil then return C() end
  I=true
  N[c]=(N[c] or 0)+1
  local k,p=...,F[c]
  local f=p~=0 and not (p and D[k]) and undeclared(c,...)
  if f then error({err=f}) end
  local r=C(c,...)
  I=false
  return r
end
local function protected(c,...)
  if c==nil then return PC() end
  N[c]=(N[c] or 0)+1
  local k,p=...,F[c]
  local f=p~=0 and not (p and D[k]) and undeclared(c,...)
  if f then return {err=f} end
  return PC(c,...)
end
local function raised(e)
  local m=type(e)=='table' and e.err or 'ERR '..tostring(e)
  local line,above='?',nil
  for i=I and 5 or 3,20 do
    local _,w=pcall(error,'',i)
    local n=string.match(tostring(type(w)=='table' and w.err or w),':(%d+): $')
    if n and above then line=above break end
    above=n or above
  end
  return {err=tostring(m)..' script: ${sha}, on @user_script:'..line..'.'}
end
return setmetatable({call=call,pcall=protected},{__index=R}),function(body)
  local _,r=xpcall(body,raised)
  local o={}
  for c,n in next,N do o[#o+1]=c o[#o+1]=n end
  return {o,r}
end
end)(redis,KEYS)`

function prologue(sha: string, script: string, locksKeys: boolean): string {
  return wrapper(sha, locksKeys ? declaredOnly(script) : anyKey).replace(/\s*\n\s*/g, ' ')
}
