// Offsets in a report count code points; JavaScript strings count UTF-16 units. A Text answers in code points.

export class Text {
  constructor(string) {
    this.string = string;
    // Only a text with surrogate pairs needs its code points spelled out.
    this.points = /[\ud800-\udfff]/.test(string) ? Array.from(string) : null;
  }

  get length() {
    return this.points ? this.points.length : this.string.length;
  }

  slice(start, end) {
    return this.points ? this.points.slice(start, end).join("") : this.string.slice(start, end);
  }
}

// Cut [0, length) at every edge of `spans` ({start, end, ...}); each piece names the spans that cover it, shortest last.
export function pieces(length, spans) {
  const edges = new Set([0, length]);
  for (const span of spans) {
    edges.add(Math.min(span.start, length));
    edges.add(Math.min(span.end, length));
  }
  const sorted = [...edges].sort((a, b) => a - b);
  const byStart = [...spans].sort((a, b) => a.start - b.start);
  const found = [];
  let next = 0;
  let open = [];
  for (let i = 0; i + 1 < sorted.length; i++) {
    const [start, end] = [sorted[i], sorted[i + 1]];
    while (next < byStart.length && byStart[next].start <= start) open.push(byStart[next++]);
    open = open.filter((span) => span.end > start);
    found.push({ start, end, spans: [...open].sort((a, b) => b.end - b.start - (a.end - a.start)) });
  }
  return found;
}
