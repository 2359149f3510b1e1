import { useState } from "react";

import { isPale, shadeOf } from "./color.ts";
import { garmentOf } from "./garment.ts";
import { SHAPES } from "./garment-shapes.ts";

/** What a picture needs to know. */
export interface Pictured {
  readonly title: string;
  readonly category: string;
  readonly color: string | null | undefined;
  readonly imageUrl: string | null | undefined;
  readonly altText?: string | null | undefined;
}

/** The photograph of a product, or its silhouette when there is none or it does not load. */
export function ProductPicture({ title, category, color, imageUrl, altText }: Pictured) {
  const [failedUrl, setFailedUrl] = useState<string | undefined>();
  if (imageUrl && imageUrl !== failedUrl) {
    return (
      <img
        className="picture"
        src={imageUrl}
        alt={altText ?? title}
        loading="lazy"
        decoding="async"
        referrerPolicy="no-referrer"
        onError={() => setFailedUrl(imageUrl)}
      />
    );
  }
  return <Silhouette title={title} category={category} color={color} />;
}

function Silhouette({ title, category, color }: Omit<Pictured, "imageUrl">) {
  const shade = shadeOf(color);
  const shape = SHAPES[garmentOf(title, category)];
  const ink = isPale(shade) ? "#6d6456" : "#14110c";
  const label = color ? `Drawing of ${title} in ${color}` : `Drawing of ${title}`;
  return (
    <svg className="picture picture-drawn" viewBox="-40 -36 280 320" role="img" aria-label={label}>
      <ellipse cx="100" cy={(shape.base ?? 236) + 4} rx="74" ry="7" fill="#2b2618" opacity="0.09" />
      <g strokeLinejoin="round" strokeLinecap="round" fillRule="evenodd">
        {shape.outlines.map((path) => (
          <path key={path} d={path} fill={shade} stroke={ink} strokeOpacity={isPale(shade) ? 0.55 : 0.35} strokeWidth="1.6" />
        ))}
        <g fill="none" stroke={isPale(shade) ? ink : "#fffaf0"} strokeOpacity={isPale(shade) ? 0.45 : 0.34} strokeWidth="1.3">
          {shape.seams.map((path) => (
            <path key={path} d={path} strokeDasharray="3.6 2.2" />
          ))}
          {shape.ribs?.map((path) => (
            <path key={path} d={path} />
          ))}
        </g>
        {shape.dots?.map(([x, y]) => (
          <circle key={`${x} ${y}`} cx={x} cy={y} r="2.3" fill={isPale(shade) ? "#8b8171" : "#efe6d4"} opacity="0.85" />
        ))}
      </g>
    </svg>
  );
}
