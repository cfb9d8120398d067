/**
 * A hash of text that is the same on every host, in every version of this product, for ever: hosts derive
 * values from it without talking to each other. FNV-1a over UTF-16 code units, finished as in MurmurHash3 so
 * that names differing in one letter land far apart.
 *
 * @returns an unsigned 32-bit integer.
 */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
