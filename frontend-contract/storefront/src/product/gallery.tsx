import type { ProductPageQuery } from "@selvedge/client";
import { useState } from "react";

import { ProductPicture } from "../picture/product-picture.tsx";

type Product = NonNullable<ProductPageQuery["product"]>;

/** Pictures of a product: its photographs, or a drawing in the chosen colour. */
export function Gallery({ product, color }: { readonly product: Product; readonly color: string }) {
  const [chosen, setChosen] = useState(0);
  const images = product.images.toSorted((left, right) => left.position - right.position);
  const image = images[Math.min(chosen, Math.max(0, images.length - 1))];
  return (
    <div className="gallery">
      <div className="gallery-main">
        <ProductPicture
          title={product.title}
          category={product.category}
          color={color}
          imageUrl={image?.url}
          altText={image?.altText}
        />
      </div>
      {images.length > 1 && (
        <ul className="gallery-thumbs">
          {images.slice(0, 8).map((thumb, index) => (
            <li key={thumb.url}>
              <button type="button" aria-label={`Picture ${index + 1} of ${images.length}`} aria-pressed={index === chosen} onClick={() => setChosen(index)}>
                <ProductPicture title={product.title} category={product.category} color={color} imageUrl={thumb.url} altText="" />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
