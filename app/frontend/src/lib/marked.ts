interface Part {
  text: string;
  isHit: boolean;
}

/** The text cut where the searched words occur in it as they were typed (umlauts match their plain letter too). */
export function marked(text: string, words: string[]): Part[] {
  const plain = fold(text);
  const hits = words.map(fold).filter(Boolean).map(escape);
  if (!hits.length || plain.length !== text.length) return [{ text, isHit: false }];
  const parts: Part[] = [];
  let end = 0;
  for (const hit of plain.matchAll(new RegExp(hits.join('|'), 'g'))) {
    if (hit.index > end) parts.push({ text: text.slice(end, hit.index), isHit: false });
    end = hit.index + hit[0].length;
    parts.push({ text: text.slice(hit.index, end), isHit: true });
  }
  if (end < text.length) parts.push({ text: text.slice(end), isHit: false });
  return parts;
}

/** Same length as before, so that places stay comparable. */
function fold(text: string): string {
  return text.toLowerCase().replace(/ä/g, 'a').replace(/ö/g, 'o').replace(/ü/g, 'u').replace(/×/g, 'x').replace(/,/g, '.');
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
