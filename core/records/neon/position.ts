/** What the parts of a cursor over (timestamp, id) look like: as Postgres writes them. */
export const positionPatterns = [/^[-0-9: .+BC]{20,40}$/, /^\d{1,18}$/]
