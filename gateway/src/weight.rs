//! How much memory a value takes: an estimate that is close enough to bound a cache by it.

use std::collections::HashMap;

use bytes::Bytes;

/// What owns memory apart from its own size.
pub trait HeapBytes {
    /// The bytes that it owns on the heap, with what the allocator needs for each piece.
    fn heap_bytes(&self) -> usize;
}

/// What an allocator gives for a piece of `bytes`: a head of 8 bytes, in steps of 16, 32 at least, as glibc does it.
#[must_use]
pub const fn allocated(bytes: usize) -> usize {
    const LEAST: usize = 32;
    match bytes {
        0 => 0,
        1..=24 => LEAST,
        more => (more + 8 + 15) & !15,
    }
}

/// Of a struct: the sum over the fields that are named. They are all that own something.
macro_rules! owns {
    ($type:ty: $($field:ident),+) => {
        impl $crate::weight::HeapBytes for $type {
            fn heap_bytes(&self) -> usize {
                0 $(+ $crate::weight::HeapBytes::heap_bytes(&self.$field))+
            }
        }
    };
}
pub(crate) use owns;

/// Of types whose values own nothing.
macro_rules! owns_nothing {
    ($($type:ty),+) => {
        $(impl $crate::weight::HeapBytes for $type {
            fn heap_bytes(&self) -> usize {
                0
            }
        })+
    };
}
pub(crate) use owns_nothing;

owns_nothing!(bool, u8, u32, usize);

impl HeapBytes for Box<str> {
    fn heap_bytes(&self) -> usize {
        allocated(self.len())
    }
}

impl HeapBytes for String {
    fn heap_bytes(&self) -> usize {
        allocated(self.capacity())
    }
}

impl HeapBytes for Bytes {
    fn heap_bytes(&self) -> usize {
        allocated(self.len())
    }
}

impl<T: HeapBytes> HeapBytes for Option<T> {
    fn heap_bytes(&self) -> usize {
        self.as_ref().map_or(0, T::heap_bytes)
    }
}

impl<T: HeapBytes> HeapBytes for Box<T> {
    fn heap_bytes(&self) -> usize {
        allocated(size_of::<T>()) + (**self).heap_bytes()
    }
}

impl<T: HeapBytes> HeapBytes for Box<[T]> {
    fn heap_bytes(&self) -> usize {
        allocated(size_of_val::<[T]>(self)) + self.iter().map(T::heap_bytes).sum::<usize>()
    }
}

impl<T: HeapBytes> HeapBytes for Vec<T> {
    fn heap_bytes(&self) -> usize {
        allocated(self.capacity() * size_of::<T>()) + self.iter().map(T::heap_bytes).sum::<usize>()
    }
}

impl<A: HeapBytes, B: HeapBytes> HeapBytes for (A, B) {
    fn heap_bytes(&self) -> usize {
        self.0.heap_bytes() + self.1.heap_bytes()
    }
}

impl<K: HeapBytes, V: HeapBytes, S> HeapBytes for HashMap<K, V, S> {
    fn heap_bytes(&self) -> usize {
        // A place and a byte of its hash for each bucket, of which an eighth stays empty.
        let table = self.capacity() * 8 / 7 * (size_of::<(K, V)>() + 1);
        allocated(table) + self.iter().map(|(key, value)| key.heap_bytes() + value.heap_bytes()).sum::<usize>()
    }
}

impl<K: HeapBytes, V: HeapBytes> HeapBytes for ahash::AHashMap<K, V> {
    fn heap_bytes(&self) -> usize {
        (**self).heap_bytes()
    }
}

impl HeapBytes for serde_json::Value {
    fn heap_bytes(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => 0,
            Self::String(text) => text.heap_bytes(),
            Self::Array(items) => items.heap_bytes(),
            // The map keeps its entries in a list, with their hashes, and the places of them in a table.
            Self::Object(entries) => {
                let entry = size_of::<(String, Self)>() + 2 * size_of::<usize>();
                let inside = entries.iter().map(|(key, value)| key.heap_bytes() + value.heap_bytes());
                allocated(entries.len() * entry) + inside.sum::<usize>()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ahash::AHashMap;
    use serde_json::json;

    use super::*;

    struct Sample {
        name: Box<str>,
        numbers: Vec<u32>,
        inner: Option<Box<Self>>,
    }
    owns!(Sample: name, numbers, inner);

    #[test]
    fn an_allocation_is_never_smaller_than_what_is_in_it() {
        assert_eq!([0, 1, 24, 25, 40, 41].map(allocated), [0, 32, 32, 48, 48, 64]);
        for bytes in 1..10_000 {
            assert!(allocated(bytes) >= bytes + 8, "{bytes}");
        }
    }

    #[test]
    fn what_is_inside_counts() {
        let inner = Sample { name: "a name of 24 characters".into(), numbers: vec![1; 4], inner: None };
        assert_eq!(inner.heap_bytes(), 32 + 32);
        let outer = Sample { name: "".into(), numbers: Vec::with_capacity(100), inner: Some(Box::new(inner)) };
        assert_eq!(outer.heap_bytes(), allocated(400) + allocated(size_of::<Sample>()) + 64);
        let map: AHashMap<Box<str>, u32> = [("one".into(), 1), ("two".into(), 2)].into_iter().collect();
        assert!(map.heap_bytes() >= 2 * (size_of::<(Box<str>, u32)>() + 32), "{}", map.heap_bytes());
        assert!(json!({ "list": ["some text", 1] }).heap_bytes() > json!({ "list": [1] }).heap_bytes());
    }
}
