/** Splits a stream of text into lines in bounded memory. */

/** Takes the next piece of the stream and returns the lines that it completes, without their ends. */
export type LineSplitter = (text: string) => string[];

/** @param maxCharacters a longer line is dropped as a whole: memory stays bounded where a program prints no line end. */
export function createLineSplitter(maxCharacters: number): LineSplitter {
  let rest = "";
  let isDropping = false;
  return (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    if (isDropping && lines.length > 0) {
      lines.shift();
      isDropping = false;
    }
    if (rest.length > maxCharacters) isDropping = true;
    if (isDropping) rest = "";
    return lines.filter((line) => line.length <= maxCharacters);
  };
}
