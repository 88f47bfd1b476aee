/** Words as they stand in a text. */
export const wordList = (text: string): string[] => text.split(/\s+/)

export const wordSet = (text: string): ReadonlySet<string> => new Set(wordList(text))

/** The words of a name in `snake_case` or `camelCase`, in lower case and without digits. */
export const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])/g, '$1$3_$2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '')

/** One of what a word names, as far as English is regular. */
export const singular = (word: string): string => word.replace(/ies$/, 'y').replace(/([^su])s$/, '$1')
