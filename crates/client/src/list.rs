use std::cell::RefCell;

/// Takes one out of a list, to be dropped when the list is free again: dropping it may call back in.
pub(crate) fn take_where<T>(list: &RefCell<Vec<T>>, which: &dyn Fn(&T) -> bool) -> Option<T> {
    let mut list = list.borrow_mut();
    let index = list.iter().position(which)?;
    Some(list.remove(index))
}
