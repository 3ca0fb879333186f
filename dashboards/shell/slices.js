// Volumes, slices, colors, edges and number words: no page. viewer.js follows in the same module.
const clamp = (v, low, high) => Math.min(Math.max(v, low), high);
const minus = (text) => text.replace("-", "\u2212");
const digits3 = (v) => {
  if (v === 0 || !Number.isFinite(v)) return Number.isFinite(v) ? "0" : "undefined";
  const whole = Math.abs(v) >= 100;
  return minus(whole ? Math.round(v).toLocaleString("en-US").replaceAll(",", "\u202f") : String(+v.toPrecision(3)));
};
const mm = (v) => minus(v.toFixed(1));
const withUnit = (text, unit) => (unit === "1" ? text : `${text}\u202f${unit}`);

/** One volume as it came from the server; t is a position in mm along the array's own axes (z, y, x). */
class Volume {
  constructor(data) {
    this.head = data.header[0];
    this.columns = data;
    const [, ny, nx] = this.head.shape;
    this.strides = [ny * nx, nx, 1];
    const box = this.head.mask;
    if (box) this.boxStrides = [box.shape[1] * box.shape[2], box.shape[2], 1];
  }
  index(t) {
    const {shape, origin, spacing} = this.head;
    return t.map((v, a) => clamp(Math.round((v - origin[a]) / spacing[a]), 0, shape[a] - 1));
  }
  position(index) {
    return index.map((i, a) => this.head.origin[a] + this.head.spacing[a] * i);
  }
  world(t) {
    return this.head.direction.map((r) => r[0] * t[0] + r[1] * t[1] + r[2] * t[2]);
  }
  has(index) {
    return this.head.whole || index.some((v, a) => v === this.head.at[a]);
  }
  code(index) {
    if (this.head.whole) {
      return this.columns.image[0][index[0] * this.strides[0] + index[1] * this.strides[1] + index[2]];
    }
    const axis = index.findIndex((v, a) => v === this.head.at[a]);
    if (axis < 0) return NaN;
    const [p, q] = [0, 1, 2].filter((a) => a !== axis);
    return this.columns[`image${axis}`][0][index[p] * this.head.shape[q] + index[q]];
  }
  value(index) {
    return this.code(index) * this.head.scale + this.head.offset;
  }
  /** Codes and mask of one slice, row 0 at the bottom of the screen. */
  slice(plane, at) {
    const {shape, whole, mask} = this.head;
    const {axis, across, up} = plane;
    const [nu, nv] = [shape[across], shape[up]];
    const codes = new Float32Array(nu * nv);
    const inside = new Uint8Array(nu * nv);
    const cut = [0, 1, 2].filter((a) => a !== axis);
    const image = whole ? this.columns.image[0] : this.columns[`image${axis}`][0];
    const strides = whole ? this.strides : this.strides.map((_, a) => (a === cut[0] ? shape[cut[1]] : 1));
    const base = whole ? at * strides[axis] : 0;
    const flat = whole ? null : this.columns[`mask${axis}`][0];
    const boxAt = whole ? at - mask.start[axis] : 0;
    const masked = whole ? boxAt >= 0 && boxAt < mask.shape[axis] : flat.length > 0;
    const region = whole ? this.columns.mask[0] : flat;
    for (let v = 0, k = 0; v < nv; v++) {
      const iv = plane.up_sign > 0 ? v : nv - 1 - v;
      const rowBase = base + iv * strides[up];
      const bv = whole ? iv - mask.start[up] : iv;
      const rowIn = masked && (!whole || (bv >= 0 && bv < mask.shape[up]));
      for (let u = 0; u < nu; u++, k++) {
        const iu = plane.across_sign > 0 ? u : nu - 1 - u;
        codes[k] = image[rowBase + iu * strides[across]];
        if (!rowIn) continue;
        if (!whole) inside[k] = region[iv * strides[up] + iu * strides[across]];
        else {
          const bu = iu - mask.start[across];
          if (bu >= 0 && bu < mask.shape[across]) {
            inside[k] = region[boxAt * this.boxStrides[axis] + bv * this.boxStrides[up] + bu * this.boxStrides[across]];
          }
        }
      }
    }
    return {codes, inside, nu, nv};
  }
  /** The slice's lower left corner and voxel size on the screen, mm. */
  frame(plane) {
    const {shape, spacing, origin} = this.head;
    const corner = (a, sign) => {
      const last = origin[a] + spacing[a] * (shape[a] - 1);
      return (sign > 0 ? origin[a] : -last) - spacing[a] / 2;
    };
    return {
      x: corner(plane.across, plane.across_sign), y: corner(plane.up, plane.up_sign),
      du: spacing[plane.across], dv: spacing[plane.up],
    };
  }
}

const rgba = (slice, volume, [low, high], fill) => {
  const {scale, offset, inverted} = volume.head;
  const start = (low - offset) / scale;
  const gain = 255 / ((high - low) / scale);
  const out = new Uint32Array(slice.codes.length);
  for (let k = 0; k < out.length; k++) {
    let gray = clamp((slice.codes[k] - start) * gain, 0, 255) | 0;
    if (inverted) gray = 255 - gray;
    if (fill && slice.inside[k]) {
      const part = (c) => (gray + (c - gray) * fill.opacity) & 255;
      out[k] = (255 << 24) | (part(fill.color[2]) << 16) | (part(fill.color[1]) << 8) | part(fill.color[0]);
    } else out[k] = (255 << 24) | (gray << 16) | (gray << 8) | gray;
  }
  return out;
};

/** Voxel edges between inside and outside, runs merged. */
const edges = ({inside, nu, nv}, {x, y, du, dv}) => {
  const out = {x0: [], y0: [], x1: [], y1: []};
  const add = (x0, y0, x1, y1) => (out.x0.push(x0), out.y0.push(y0), out.x1.push(x1), out.y1.push(y1));
  const at = (u, v) => (u < 0 || v < 0 || u >= nu || v >= nv ? 0 : inside[v * nu + u]);
  const sweep = (n, m, differ, draw) => {
    for (let i = 0; i <= n; i++) {
      for (let j = 0, from = -1; j <= m; j++) {
        const edge = j < m && differ(i, j);
        if (edge && from < 0) from = j;
        if (!edge && from >= 0) (draw(i, from, j), (from = -1));
      }
    }
  };
  if (!inside.includes(1)) return out;
  sweep(nv, nu, (v, u) => at(u, v) !== at(u, v - 1), (v, a, b) => add(x + a * du, y + v * dv, x + b * du, y + v * dv));
  sweep(nu, nv, (u, v) => at(u, v) !== at(u - 1, v), (u, a, b) => add(x + u * du, y + a * dv, x + u * du, y + b * dv));
  return out;
};
