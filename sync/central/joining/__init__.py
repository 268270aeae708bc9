"""Who joins the queue by phone: the code of the moment, who may ask, and what is written of it.

Never how a phone's call is read or answered: that is the public door's."""
