//! What few ports need, and so takes no room in the others.

/// A value that is made when it is first needed.
#[derive(Debug)]
pub(super) struct Spare<T>(Option<Box<T>>);

impl<T> Default for Spare<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Spare<T> {
    /// The value, if somebody has needed it.
    pub(super) fn get(&self) -> Option<&T> {
        self.0.as_deref()
    }

    /// As [`get`](Self::get), to change it.
    pub(super) fn get_mut(&mut self) -> Option<&mut T> {
        self.0.as_deref_mut()
    }

    /// Takes the value out.
    pub(super) fn take(&mut self) -> Option<Box<T>> {
        self.0.take()
    }

    /// Puts back what was taken out.
    pub(super) fn put(&mut self, value: Option<Box<T>>) {
        self.0 = value;
    }
}

impl<T: Default> Spare<T> {
    /// The value, made now if need be.
    pub(super) fn make(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}
